# SPDX-License-Identifier: Apache-2.0
"""`skerry top`: what it tells of a service that runs, on a terminal and to programs."""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import threading
import time

import pytest

from conftest import wait_until
from test_http import Http


@pytest.fixture
def top(skerry):
    """top(service, *options): to its end."""
    return lambda service, *options, **how: skerry("top", "--url", f"http://{service.http}", *options, **how)


class Terminal:
    """A program on a terminal of its own: what is on its screen, and keys for it."""

    def __init__(self, start, *command, columns=100, rows=30, **how):
        self.ours, theirs = pty.openpty()
        self.theirs = os.ttyname(theirs)
        self.before = termios.tcgetattr(theirs)
        self.resize(columns, rows)
        self.process = start(*command, stdin=theirs, stdout=theirs, **how)
        os.close(theirs)
        self.text = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.05):
        end = time.monotonic() + seconds
        while select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
            try:
                piece = os.read(self.ours, 1 << 16)
            except OSError:  # nobody is at the other end any more
                break
            self.text += piece.decode()
        return self.text

    def shows(self, pattern, seconds=10):
        return wait_until(lambda: re.search(pattern, self.read()), seconds)

    def frames(self):
        """What was drawn, each time from the top: lines without what moves the cursor."""
        return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame).replace("\r", "").split("\n") for frame in self.text.split("\x1b[H")[1:]]

    def press(self, keys):
        os.write(self.ours, keys)

    def close(self):
        os.close(self.ours)


@pytest.fixture
def on_terminal(start, environment):
    opened = []

    def begin(*command, **how):
        opened.append(Terminal(start, *command, **how))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_one_sample_has_what_happened_in_an_interval(serve, top):
    service = serve()
    client = Http(service.http)
    over = threading.Event()

    def work():
        while not over.is_set():
            client.post("/v1/run", code="print(1)")
            client("POST", "/tools/execute", {"tool_name": "python_executor", "parameters": {"code": "1/0"}})

    worker = threading.Thread(target=work)
    worker.start()
    try:
        done = top(service, "--once", "--json")
    finally:
        over.set()
        worker.join()
    (line,) = done.ok().out.splitlines()
    told = json.loads(line)
    assert told["url"] == f"http://{service.http}" and 0.9 < told["seconds"] < 3 and told["uptime_seconds"] > 0
    assert told["runs_per_second"] > 2 and told["calls_per_second"] > 2
    for stage in ("latency", "run", "queue"):
        assert 0 < told[stage]["p50_ms"] <= told[stage]["p99_ms"], stage
    assert told["latency"]["p50_ms"] >= told["run"]["p50_ms"] > told["queue"]["p50_ms"]
    assert 0 <= told["loop_lag"]["p50_ms"] <= told["loop_lag"]["p99_ms"] < 250
    assert told["calls_by_status_per_second"]["success"] > 1 and told["calls_by_status_per_second"]["error"] > 1
    assert told["outcomes_per_second"]["completed"] > 1 and told["outcomes_per_second"]["failed"] > 1
    assert sum(told["workers"].values()) >= 1 and told["queue"]["waiting"] == 0
    assert 10 << 20 < told["memory_bytes"] < 1 << 30
    (tenant,) = told["tenants"]
    assert tenant["tenant"] == "default" and tenant["calls_per_second"] > 2


def test_without_work_latency_is_unknown_and_kills_have_reasons(serve, top):
    service = serve()
    client = Http(service.http)
    client.post("/v1/run", code="while True: pass", timeout=0.3)
    client.post("/v1/run", code="x = 1", session="s")
    told = json.loads(top(service, "--once", "--json", "--interval", "0.2").ok().out)
    assert told["latency"] == {"p50_ms": None, "p99_ms": None} and told["runs_per_second"] == 0
    assert told["outcomes_per_second"]["deadline"] == 0  # it is known, and was before
    assert told["sessions_kept"] == 1 and told["tenants"][0]["calls"] == 2


def test_json_goes_on_until_it_is_ended(serve, start):
    service = serve()
    process = start("top", "--url", f"http://{service.http}", "--json", "--interval", "0.2")
    samples = [json.loads(process.stdout.readline()) for _ in range(3)]
    assert samples[0]["uptime_seconds"] < samples[2]["uptime_seconds"]
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0 and process.stderr.read() == b""


def test_once_without_json_is_a_table(serve, top):
    told = top(serve(), "--once", "--interval", "0.2").ok().out
    assert "runs/s    0" in told and "default" not in told and "\x1b" not in told
    assert re.search(r"workers   running 0  idle 0  spare \d", told)


def test_the_live_table_is_drawn_anew_and_leaves_the_terminal_as_it_was(serve, on_terminal):
    service = serve()
    client = Http(service.http)
    screen = on_terminal("top", "--url", f"http://{service.http}", "--interval", "0.3")
    assert screen.shows("runs/s    0")
    assert screen.text.startswith("\x1b[?1049h")
    for _ in range(5):
        client.post("/v1/run", code="print(1)")
    assert screen.shows(r"default +[\d.]+ +5") and screen.shows(r"runs/s    [1-9]")
    assert all(len(line) <= 100 for frame in screen.frames() for line in frame)
    # Narrower and lower, at once.
    screen.text = ""
    screen.resize(40, 8)
    screen.process.send_signal(signal.SIGWINCH)
    assert screen.shows("runs/s")
    last = screen.frames()[-1]
    assert len(last) <= 8 and all(len(line) <= 40 for line in last)
    now = termios.tcgetattr(os.open(screen.theirs, os.O_RDONLY | os.O_NOCTTY))
    assert not now[3] & (termios.ECHO | termios.ICANON)
    screen.press(b"q")
    assert screen.process.wait(5) == 0
    assert screen.read().endswith("\x1b[?25h\x1b[?1049l")
    fd = os.open(screen.theirs, os.O_RDONLY | os.O_NOCTTY)
    assert termios.tcgetattr(fd)[3] == screen.before[3]
    os.close(fd)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was_too(serve, on_terminal, number):
    screen = on_terminal("top", "--url", f"http://{serve().http}", "--interval", "0.2")
    assert screen.shows("runs/s")
    screen.process.send_signal(number)
    assert screen.process.wait(5) == 0 and screen.read().endswith("\x1b[?25h\x1b[?1049l")


def test_a_service_that_goes_away_is_said_to_be_gone_and_one_that_comes_is_seen(serve, start, own_home, environment, on_terminal):
    service = serve()
    screen = on_terminal("top", "--url", f"http://{service.http}", "--interval", "0.2")
    assert screen.shows("runs/s")
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
    assert screen.shows("does not take a connection") and screen.process.poll() is None
    screen.text = ""
    start("serve", "--http", service.http, "--grpc", "127.0.0.1:0", "--orchestrator", "127.0.0.1:0",
          env={**environment, "SKERRY_HOME": str(own_home)})
    assert screen.shows(r"(?s)runs/s.*q leaves")
    screen.press(b"q")
    assert screen.process.wait(5) == 0


def test_a_wrong_address_says_so(skerry, top, on_terminal, serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = skerry("top", "--once", "--url", nobody)
        assert done.code == 125 and "does not take a connection" in done.err and nobody in done.err
        screen = on_terminal("top", "--url", nobody)  # in the shell, not on a screen that goes
        assert screen.process.wait(10) == 125 and "\x1b[?1049h" not in screen.read()
    service = serve()
    for url in ("ftp://x", "", "127.0.0.1:8000"):
        assert skerry("top", "--once", "--url", url).code == 125
    done = skerry("top", "--once", "--url", f"http://{service.http}/elsewhere")
    assert done.code == 125 and "status 404" in done.err


def test_wrong_options_say_so(serve, skerry, top):
    service = serve()
    assert "no terminal" in top(service).err
    for words in (["--interval", "0"], ["--interval", "nan"], ["--frob"], ["extra"]):
        assert top(service, "--once", *words).code == 125
    assert "--once" in skerry("top", "--help").ok().out
    done = skerry("top", "--once", "--url", "http://192.0.2.1", env={"SKERRY_KEY": "secret"})
    assert done.code == 125 and "unencrypted" in done.err and "secret" not in done.err


def test_what_is_counted_asks_for_a_key_except_on_the_operators_port(serve, skerry, top, own_home, environment):
    home = {**environment, "SKERRY_HOME": str(own_home)}
    key = json.loads(skerry("keys", "create", "a", "--json", env=home).ok().out)["key"]
    service = serve("--metrics", "127.0.0.1:0")
    port = service.process.stderr.readline().decode().rsplit(":", 1)[1].strip()
    once = ("--once", "--interval", "0.2")
    for wrong in ({}, {"SKERRY_KEY": "skerry_wrong"}):
        done = top(service, *once, env=wrong)
        assert done.code == 125 and "asks for a key" in done.err
        assert skerry("top", "--url", f"http://127.0.0.1:{port}", *once, env=wrong).code == 0
    assert top(service, *once, env={"SKERRY_KEY": key}).code == 0


class Answer(http.server.BaseHTTPRequestHandler):
    """Another program at that address."""

    def do_GET(self):
        self.server.keys.append(self.headers["X-API-Key"])
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("status, body, said", [
    (401, b"", "asks for a key"), (403, b"", "asks for a key"), (500, b"", "status 500"), (302, b"", "status 302"),
    (200, b"<html>", "is not JSON"), (200, b'{"status": "ok"}', "skerry serve"), (200, b'{"a": "\xff"}', "is not JSON"), (200, b"", "is not JSON"),
    (200, b"[" * 1000, "levels deep"), (200, b"x" * (9 << 20), "more than"),
])
def test_whoever_else_answers_there_is_not_believed(skerry, status, body, said):
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.answer, server.keys = (status, body), []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = skerry("top", "--once", "--key", "secret", "--url", f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()
    assert done.code == 125 and said in done.err and "secret" not in done.err
    assert server.keys == ["secret"]


def test_it_looks_over_tls_too(serve, skerry, tmp_path):
    from test_tls import Authority
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.make("server")
    service = serve("--tls-cert", certificate, "--tls-key", key)
    url = f"https://{service.http}"
    assert skerry("top", "--once", "--json", "--interval", "0.2", "--url", url, "--ca", authority.root).code == 0
    done = skerry("top", "--once", "--url", url)
    assert done.code == 125 and "cannot be trusted" in done.err


def test_the_shell_completes_it(skerry):
    assert " top" in skerry("completion", "bash").ok().out
