# SPDX-License-Identifier: Apache-2.0
"""`skerry serve` and sessions that come and go as files, from clients that mean harm or take their time; and large commits."""

import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import socket
import statistics
import threading
import time

import pytest

from conftest import wait_until
from export_file import HEADER, export_file, field, parts_of
from test_http import Http
from test_keys import Asking, keys, new_key  # noqa: F401 (fixtures)
from watching import MIB, Latency, memory_of

def export(client, session):
    connection = http.client.HTTPConnection(client.host, client.port, timeout=60)
    connection.request("GET", f"/v1/sessions/{session}/export", headers=getattr(client, "headers", {}))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


# What a manifest is filled with, two bytes each: fields of the first version's runs, globals, facts, and of none.
@pytest.mark.parametrize("filling", [b"\x4a\x00", b"\x32\x00", b"\x2a\x00", b"\x62\x00", b"\x50\x00"],
                         ids=["runs", "globals", "facts", "unknown", "numbers"])
@pytest.mark.parametrize("version", [1, 2])
def test_a_small_file_that_unpacks_to_much_takes_nothing_of_the_service(served, filling, version):
    client = Http(served.http)
    bomb = export_file(filling * (32 * MIB), version=version)
    assert len(bomb) < 10_000
    with Latency(Http(served.http)) as others:
        status, _, answer = client("POST", "/v1/sessions/bomb/import", bomb)
    assert status == 400 and "not a whole session export" in answer["error"], answer
    assert memory_of(served.process.pid, "VmHWM") < 420 * MIB
    assert others.worst < 0.25, f"{others.worst:.3f} s of {len(others.times)}"
    assert client("GET", "/v1/sessions/bomb")[0] == 404


def test_many_bombs_at_once_take_no_more(served):
    bomb = export_file(b"\x4a\x00" * (32 * MIB))
    with Latency(Http(served.http)) as others, concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: Http(served.http)("POST", f"/v1/sessions/b{i}/import", bomb)[0], range(8)))
    assert set(answers) <= {400, 429} and 400 in answers
    assert memory_of(served.process.pid, "VmHWM") < 420 * MIB
    assert others.worst < 0.25, f"{others.worst:.3f} s of {len(others.times)}"


def test_a_host_state_full_of_nothing_is_refused(served):
    client = Http(served.http)
    client.post("/v1/run", code="x = 1", session="work")
    manifest, _ = parts_of(export(client, "work")[1])
    inodes = field(2, field(2, b"") * (8 * MIB))
    # The hash of the module, a memory and a host state of eight million inodes; no pages.
    hostile = field(1, b"s") + field(3, manifest[manifest.index(b"\x1a\x40") + 2 :][:64]) + field(4, b"python-data") + field(7, inodes) + b"\x40\x80\x80\x04"
    status, _, answer = client("POST", "/v1/sessions/bomb/import", export_file(hostile))
    assert status == 400 and "inodes" in answer["error"], answer
    assert memory_of(served.process.pid, "VmHWM") < 420 * MIB


def test_facts_take_nothing_of_the_store(serve, own_home):
    client = Http(serve().http)
    client.post("/v1/run", code="x = 1", session="work")
    manifest, pages = parts_of(export(client, "work")[1])

    def imported(name, facts):
        return client("POST", f"/v1/sessions/{name}/import", export_file(manifest + facts, pages))

    def taken():
        return sum(each.stat().st_blocks * 512 for each in (own_home / "store" / "templates").iterdir())

    assert imported("first", b"")[0] == 200
    before = taken()
    large = field(5, field(1, b"padding") + field(2, b"x" * (20 * MIB)))
    assert imported("large", large)[0] == 400
    for i in range(3):
        small = b"".join(field(5, field(1, b"fact %d %d" % (i, each)) + field(2, b"y" * 200)) for each in range(50))
        assert imported(f"copy{i}", small)[0] == 200
    assert taken() == before
    assert client.post("/v1/run", code="print(x)", session="copy2")["stdout"] == "1\n"


def test_exports_that_no_one_reads_hold_up_no_one(serve, new_key, own_home):  # noqa: F811
    a, b = new_key("team-a")["key"], new_key("team-b")["key"]
    service = serve()
    mine, other = Asking(service.http, a), Asking(service.http, b)
    mine.post("/v1/run", code="import os; x = os.urandom(24 << 20)", session="big")
    def unnamed():
        """Files without a name in the store, where exports were once written: those of revisions to come lie elsewhere."""
        opened = []
        for each in pathlib.Path(f"/proc/{service.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                opened.append(os.readlink(each))
        return [each for each in opened if each.startswith(str(own_home / "store" / "#"))]

    readers = []
    try:
        for _ in range(6):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((mine.host, mine.port))
            reader.sendall(f"GET /v1/sessions/big/export HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {a}\r\n\r\n".encode())
            readers.append(reader)
        with Latency(other, "/v1/sessions") as others:
            # One export of the tenant is under way, and the others are told so, in a few seconds.
            begun = time.monotonic()
            status, content = export(mine, "big")
            assert status == 429 and b"another export" in content
            assert time.monotonic() - begun < 10
            first_lines = [reader.recv(15) for reader in readers]
        assert others.worst < 1, f"{others.worst:.3f} s of {len(others.times)}"
        assert sorted(first_lines)[0].startswith(b"HTTP/1.1 200") and sum(each.startswith(b"HTTP/1.1 200") for each in first_lines) == 1
        assert unnamed() == []
        assert export(other, "big")[0] == 404
    finally:
        for reader in readers:
            reader.close()
    # It ends with its reader.
    assert wait_until(lambda: export(mine, "big")[0] == 200, 10)


def test_an_export_goes_on_when_its_session_is_gone(served):
    client = Http(served.http)
    client.post("/v1/run", code="import os; x = os.urandom(16 << 20)", session="big")
    connection = http.client.HTTPConnection(client.host, client.port, timeout=60)
    connection.request("GET", "/v1/sessions/big/export")
    answer = connection.getresponse()
    begin = answer.read(100_000)
    assert client("DELETE", "/v1/sessions/big")[0] == 200
    whole = begin + answer.read()
    connection.close()
    assert HEADER.unpack(whole[:32])[1] == 2
    assert client("POST", "/v1/sessions/again/import", whole)[0] == 200
    assert client.post("/v1/run", code="print(len(x) >> 20)", session="again")["stdout"] == "16\n"


def test_an_old_client_gets_an_export_that_ends_with_its_connection(served):
    client = Http(served.http)
    client.post("/v1/run", code="x = 7", session="work")
    head, _, body = client.raw(b"GET /v1/sessions/work/export HTTP/1.0\r\nHost: localhost\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and b"chunked" not in head
    assert client("POST", "/v1/sessions/again/import", body)[0] == 200


def test_one_tenants_commit_does_not_hold_up_anothers(serve, new_key):  # noqa: F811
    a, b = new_key("team-a")["key"], new_key("team-b")["key"]
    service = serve()
    mine, other = Asking(service.http, a), Asking(service.http, b)
    assert other("POST", "/v1/run", {"code": "n = 0", "session": "n"})[0] == 200
    times, stop = [], threading.Event()

    def count():
        while not stop.is_set():
            begun = time.monotonic()
            assert other("POST", "/v1/run", {"code": "n += 1", "session": "n"})[0] == 200
            times.append(time.monotonic() - begun)
            time.sleep(0.005)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        # What the run itself takes is no one's wait: it ends before its pages are kept.
        code = "import os\nx = bytearray(os.urandom(1 << 20)) * 500"
        answers = [mine("POST", "/v1/run", {"code": code, "session": f"big{i}", "memory": 1024, "timeout": 60}) for i in range(2)]
    finally:
        stop.set()
        thread.join()
    assert [(answer[0], answer[2]["session"]["saved"]) for answer in answers] == [(200, "committed")] * 2, answers
    assert statistics.median(times) < 0.1
    # Behind one thread for all it waited for as long as 500 MiB take to be written.
    slow = [each for each in times if each > 0.5]
    assert not slow, f"{len(slow)} of {len(times)} took up to {max(times):.2f} s"
    assert mine("DELETE", "/v1/sessions?all=true")[2] == {"cleared": 2}
