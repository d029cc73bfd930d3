# SPDX-License-Identifier: Apache-2.0
"""What a service manager hears of `skerry serve`: the test is systemd, as far as its socket goes."""

import os
import signal
import socket
import time

import pytest


class Manager:
    """The manager's end of the notification socket."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.path[1:] if self.path.startswith("@") else self.path)
        self.fed = []  # when the watchdog was

    def hears(self, timeout=10):
        """The next message that is not the watchdog's, as a dictionary."""
        end = time.monotonic() + timeout
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            message = dict(line.split("=", 1) for line in self.socket.recv(65536).decode().splitlines())
            if message != {"WATCHDOG": "1"}:
                return message
            self.fed.append(time.monotonic())

    def watches(self, seconds):
        """Until then nothing but the watchdog's messages."""
        with pytest.raises(TimeoutError):
            raise AssertionError(self.hears(seconds))


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    made = Manager(tmp_path / "notify" if request.param == "path" else f"@skerry-test-{os.getpid()}")
    yield made
    made.socket.close()


def test_the_manager_hears_of_start_reload_and_stop(serve, manager):
    begun = time.monotonic()
    service = serve(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"})
    ready = manager.hears()
    assert ready["READY"] == "1" and f"HTTP on {service.http}" in ready["STATUS"]
    # By then all addresses listen.
    for address in (service.grpc, service.http, service.orchestrator):
        host, port = address.split(":")
        socket.create_connection((host, int(port)), timeout=1).close()

    manager.watches(1.5)
    assert len(manager.fed) >= 4 and max(b - a for a, b in zip(manager.fed, manager.fed[1:])) < 0.6

    service.process.send_signal(signal.SIGHUP)
    reloading = manager.hears()
    assert reloading["RELOADING"] == "1"
    assert begun < int(reloading["MONOTONIC_USEC"]) / 1e6 <= time.monotonic()
    assert manager.hears() == {"READY": "1"}

    service.process.send_signal(signal.SIGTERM)
    assert manager.hears() == {"STOPPING": "1"}
    assert service.process.wait(10) == 0


def test_a_loop_that_is_stuck_feeds_no_watchdog(serve, tmp_path):
    manager = Manager(tmp_path / "notify")
    service = serve(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"})
    assert manager.hears()["READY"] == "1"
    service.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    manager.watches(0.1)  # what was under way
    manager.fed.clear()
    manager.watches(0.6)
    assert manager.fed == []
    service.process.send_signal(signal.SIGCONT)
    manager.watches(0.4)
    assert manager.fed


def test_guests_and_our_own_processes_hear_nothing_of_it(serve, tmp_path):
    manager = Manager(tmp_path / "notify")
    service = serve(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"})
    assert manager.hears()["READY"] == "1"
    manager.watches(0.3)
    assert manager.fed == [], "the watchdog is another process's"
    with open(f"/proc/{service.process.pid}/task/{service.process.pid}/children") as children:
        pids = children.read().split()
    assert pids
    for pid in pids:
        with open(f"/proc/{pid}/environ", "rb") as environment:
            assert b"NOTIFY_SOCKET" not in environment.read()


@pytest.mark.parametrize("variable, value", [("NOTIFY_SOCKET", "not-a-path"), ("WATCHDOG_USEC", "soon")])
def test_what_the_manager_says_wrongly_ends_the_start(skerry, own_home, tmp_path, variable, value):
    given = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "SKERRY_HOME": str(own_home), variable: value}
    done = skerry("serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", env=given)
    assert done.code == 125 and f'{variable} is "{value}"' in done.err


def test_a_manager_that_is_gone_is_told_and_no_failure(serve, tmp_path):
    service = serve(env={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert b"the service manager was not told" in service.process.stderr.readline()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
