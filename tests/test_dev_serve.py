# SPDX-License-Identifier: Apache-2.0
"""scripts/dev_serve.sh, the end of `make dev`: an answer, then the service until Ctrl-C."""

import fcntl
import os
import pty
import re
import socket
import subprocess
import termios
import time

import pytest

from conftest import ROOT, wait_until

SCRIPT = ROOT / "scripts" / "dev_serve.sh"
ANYWHERE = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0"]


@pytest.fixture
def here(binary, own_home, environment):
    """The environment of the script; a terminal decides, and not who runs the tests."""
    kept = {name: value for name, value in environment.items() if name not in ("CI", "DEV_SERVE", "SKERRY_URL", "SKERRY_KEY")}
    return {**kept, "SKERRY": str(binary), "SKERRY_HOME": str(own_home)}


class Terminal:
    """A program whose terminal this is, as a person has it."""

    def __init__(self, command, environment):
        self.end, theirs = pty.openpty()

        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, preexec_fn=take)
        os.close(theirs)
        os.set_blocking(self.end, False)
        self.seen = ""

    def sees(self, text):
        try:
            while piece := os.read(self.end, 65536):
                self.seen += piece.decode()
        except (BlockingIOError, OSError):  # nothing yet; the end
            pass
        return text in self.seen

    def press(self, keys):
        os.write(self.end, keys)


@pytest.fixture
def terminal(here):
    made = []

    def start(*command):
        made.append(Terminal([str(word) for word in command], here))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.end)


@pytest.mark.parametrize("turn", [1, 2])
def test_without_a_terminal_it_answers_and_stops(here, turn):
    done = subprocess.run([SCRIPT, "--", *ANYWHERE], env=here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "\nHello, Shannon!\n" in done.stdout and "the service has stopped" in done.stdout
    assert "skerry: gRPC on 127.0.0.1:" in done.stderr


# As `make dev` has it: make hears nothing of Ctrl-C, and calls it no error.
AS_MAKE_HAS_IT = ["make", "--silent", "--file", "dev.mk"]
DEV_MK = "dev:\n\t@bash -mc '{script} -- {options}; exit $$?'\n"


@pytest.mark.parametrize("command", ["script", "make"])
def test_at_a_terminal_it_serves_until_control_c(terminal, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dev.mk").write_text(DEV_MK.format(script=SCRIPT, options=" ".join(ANYWHERE)))
    shown = terminal(*([SCRIPT, "--", *ANYWHERE] if command == "script" else AS_MAKE_HAS_IT))
    assert wait_until(lambda: shown.sees("Stop: Ctrl-C"), 30), shown.seen
    assert "Hello, Shannon!" in shown.seen
    port = int(re.search(r"skerry: HTTP on 127\.0\.0\.1:(\d+)", shown.seen)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    shown.press(b"\x03")
    assert wait_until(lambda: shown.process.poll() is not None, 15), shown.seen
    shown.sees("")
    assert shown.process.returncode == 0, shown.seen
    assert "stopping when what is under way has ended" in shown.seen and "the service has stopped" in shown.seen


def test_it_finds_the_address_in_a_log_of_json_too(here):
    done = subprocess.run([SCRIPT, "--once", "--", *ANYWHERE], env={**here, "SKERRY_LOG": "json"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "\nHello, Shannon!\n" in done.stdout, done.stderr


def test_the_makefile_runs_it_that_way():
    assert "bash -mc 'scripts/dev_serve.sh; exit $$?'" in (ROOT / "Makefile").read_text()


def test_a_port_that_is_taken_is_told(here):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        begun = time.monotonic()
        done = subprocess.run([SCRIPT, "--", "--grpc", "127.0.0.1:0", "--http", address, "--orchestrator", "127.0.0.1:0"],
                              env=here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125 and time.monotonic() - begun < 20
    assert address in done.stderr and "a port is taken" in done.stderr


@pytest.mark.parametrize("command, said", [(["--often"], "unknown option"), (["--once", "x"], "unknown option")])
def test_wrong_usage_is_told(here, command, said):
    done = subprocess.run([SCRIPT, *command], env=here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and said in done.stderr


def test_a_word_that_dev_serve_does_not_know_is_told(here):
    done = subprocess.run([SCRIPT], env={**here, "DEV_SERVE": "never"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "expected once or stay" in done.stderr
