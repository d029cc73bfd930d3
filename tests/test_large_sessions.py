# SPDX-License-Identifier: Apache-2.0
"""`skerry serve` and sessions with 200 MiB of files, and bodies as large: whoever has one holds up nobody, and takes no more than a share."""
import concurrent.futures
import contextlib
import http.client
import os
import signal
import socket
import time

import pytest

from conftest import children_of, wait_until
from test_http import Http
from watching import MIB, Latency, memory_of

FILES = "import os\nfor i in range(10): open(f'f{i}', 'wb').write(os.urandom(20 << 20))"
# What 200 MiB of files cost before they were given back elsewhere: 60 to 140 ms of the loop. It takes 10 now.
ALARM_MS = 25


@pytest.fixture
def serve_watched(serve, tmp_path):
    """serve_watched(SETTINGS): the service with a stricter alarm of its event loop, and these settings."""

    def run(settings="", *args):
        file = tmp_path / "watched.yaml"
        file.write_text(f"service:\n  loop_handler_alarm_ms: {ALARM_MS}\n{settings}")
        return serve(*args, env={"CONFIG_PATH": str(file)})

    return run


def has_less(service, size):
    return memory_of(service.process.pid, "VmRSS") < size


def run(service, session, code="n = 1"):
    return Http(service.http).post("/v1/run", code=code, session=session, timeout=60)


def made(service, session):
    assert run(service, session, FILES)["outcome"] == "completed"


def end(service):
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0


# ------------------------------------------------------------------------------------------ what is given back

def test_a_large_session_that_hibernates_holds_nobody_up(serve_watched):
    """`start` reads what the service says of its loop."""
    service = serve_watched("sessions:\n  hibernate_ms: 1000\n")
    made(service, "large")
    run(service, "large")
    assert memory_of(service.process.pid, "VmRSS") > 200 * MIB, "its files are kept with the worker that has them"
    assert wait_until(lambda: has_less(service, 150 * MIB), 20), "what it held is free again"
    run(service, "large")
    assert Http(service.http)("DELETE", "/v1/sessions/large")[0] == 200
    assert wait_until(lambda: has_less(service, 150 * MIB), 20)


def test_the_end_of_a_worker_with_a_large_session_holds_nobody_up(serve_watched):
    service = serve_watched()
    made(service, "large")
    run(service, "large")
    zygotes = children_of(service.process.pid)
    for worker in [each for zygote in zygotes for each in children_of(zygote)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    # The next run reads the session anew, and what was kept of it goes.
    assert run(service, "large", "import os\nprint(sum(os.path.getsize(f'f{i}') for i in range(10)))")["stdout"] == f"{200 * MIB}\n"


def test_large_bodies_hold_nobody_up_when_they_go(serve_watched):
    service = serve_watched()
    client = Http(service.http)
    status, _, answer = client("POST", "/v1/files", os.urandom(100 * MIB))
    assert status == 201 and answer["size"] == 100 * MIB
    assert client("PUT", "/v1/sessions/work/files/data", bytes(60 * MIB))[0] in (200, 201)
    assert wait_until(lambda: has_less(service, 150 * MIB), 20)


# ------------------------------------------------------------------------------------------ many at once

@pytest.mark.timeout(150)
def test_forks_of_a_large_session_that_are_used_at_once_all_run(serve):
    service = serve()
    made(service, "large")
    names = [f"fork{i}" for i in range(12)]
    for name in names:
        assert Http(service.http).post("/v1/sessions/large/fork", name=name)["name"] == name
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(lambda name: run(service, name, "import os\nprint(os.path.getsize('f9'))"), names))
    ends = [(each["outcome"], each["stdout"], each["message"]) for each in answers]
    assert ends == [("completed", f"{20 * MIB}\n", "")] * len(names), ends


def test_a_worker_that_does_nothing_is_given_up(serve):
    service = serve("--workers", "1")
    client = Http(service.http)
    client.post("/v1/run", code="n = 1")
    for worker in [each for zygote in children_of(service.process.pid) for each in children_of(zygote)]:
        os.kill(worker, signal.SIGSTOP)
    answer = client.post("/v1/run", code="n = 2")
    assert answer["outcome"] == "crashed" and "did nothing for 10 s" in answer["message"], answer
    assert wait_until(lambda: client.post("/v1/run", code="print(3)").get("stdout") == "3\n", 30), "others run"


def test_looks_at_a_large_session_take_no_memory_of_the_service(serve_watched):
    service = serve_watched()
    made(service, "large")
    end(service)
    service = serve_watched()
    before = memory_of(service.process.pid, "VmHWM")

    def look(_):
        return len(Http(service.http).get("/v1/sessions/large/files?path=.")["files"])

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert list(pool.map(look, range(12))) == [10] * 12
    assert memory_of(service.process.pid, "VmHWM") < before + 100 * MIB


# ------------------------------------------------------------------------------------------ bodies that stall

def upload(service, size, sent):
    """A connection on which so many bytes of an upload were sent."""
    host, port = service.http.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(f"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
    connection.sendall(bytes(sent))
    return connection


def status_of(connection):
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def test_uploads_that_stall_give_way_to_others(serve):
    service = serve()
    stalled = [upload(service, 100 * MIB, 90 * MIB) for _ in range(2)]
    assert wait_until(lambda: memory_of(service.process.pid, "VmRSS") > 180 * MIB, 20), "they have all the memory for bodies"
    begun = time.monotonic()
    answers = []
    while not answers or answers[-1] == 503:
        with contextlib.suppress(ConnectionError):
            answers.append(Http(service.http)("POST", "/v1/files", bytes(100 * MIB))[0])
        assert time.monotonic() - begun < 30, answers  # their time is a minute
    assert answers[-1] == 201, answers
    first, content = status_of(stalled[0])
    assert first == 408 and b"64 KiB a second" in content, content
    for each in stalled:
        each.close()


def test_an_upload_that_stalls_is_left_alone_where_nobody_needs_its_memory(serve):
    service = serve()
    slow = upload(service, 10 * MIB, 5 * MIB)
    time.sleep(6)  # longer than it may be slow
    assert Http(service.http)("POST", "/v1/files", bytes(100 * MIB))[0] == 201
    slow.sendall(bytes(5 * MIB))
    assert status_of(slow)[0] == 201
    slow.close()
