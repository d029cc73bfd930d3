# SPDX-License-Identifier: Apache-2.0
"""Files of a session over `skerry.v1.Skerry`: they move, and come and go as archives, piece by piece."""

import gzip
import json
import tarfile
import threading

import grpc
import pytest

from conftest import wait_until
from grpc_client import Client
from test_file_routes import call, members_of, put, tar_of
from test_http import Http
from test_keys import keys, new_key  # noqa: F401 (fixtures)
from test_service_sessions import refused
from watching import MIB, Latency, memory_of

SERVICE = "skerry.v1.Skerry"
PIECE = 1 << 20


@pytest.fixture
def client(served):
    return Http(served.http)


@pytest.fixture
def own(served):
    with Client(served.grpc, SERVICE) as client:
        yield client


def unpacking(own, archive, session="s", path=""):
    """The call, begun, with the archive in pieces."""
    messages = [{"target": {"session": session, "path": path}}, *({"data": archive[at : at + PIECE]} for at in range(0, len(archive), PIECE))]
    return own.send("UnpackFiles", messages)


def unpack(own, archive, **where):
    return unpacking(own, archive, **where).result()


def pack(own, session="s", path=""):
    return b"".join(piece.data for piece in own.ArchiveFiles(session=session, path=path))


def paths(client):
    return [each["path"] for each in client.get("/v1/sessions/s/files?recursive=true")["files"]]


def test_archives_go_in_and_out(own, client):
    members = [("a.txt", b"a"), ("d/b.bin", bytes(range(256)) * (20 << 10)), ("empty", b""), ("link", {"type": tarfile.SYMTYPE, "linkname": "a.txt"})]
    stored = unpack(own, tar_of(*members), path="in here")
    assert (stored.path, stored.size) == ("in here", 1 + (5 << 20))
    told = client.post("/v1/run", session="s", code="import os; os.chdir('in here'); open('link').read(), os.path.getsize('d/b.bin')")
    assert told["result"] == f"('a', {5 << 20})", told
    pieces = [piece.data for piece in own.ArchiveFiles(session="s", path="in here")]
    assert len(pieces) > 10 and max(map(len, pieces)) == 256 << 10
    assert {name: content for name, content in members_of(b"".join(pieces)).items() if name != "d"} == {
        "a.txt": b"a", "d/b.bin": bytes(range(256)) * (20 << 10), "empty": b"", "link": "2"}
    assert pack(own, path="in here") == call(client, "GET", "/v1/sessions/s/archive?path=in%20here")[2], "the same over HTTP"
    assert members_of(pack(own, path="in here/a.txt")) == {"a.txt": b"a"}
    assert members_of(pack(own, session="fresh")) == {}


def test_files_and_directories_move(own, client):
    put(client, "d/x", b"1")
    put(client, "y", b"2")
    moved = own.MoveFile(session="s", to="new/place/x", **{"from": "d/x"})
    assert (moved.path, moved.size) == ("new/place/x", 1)
    own.MoveFile(session="s", to="old", **{"from": "new"})
    own.MoveFile(session="s", to="old/place/x", **{"from": "y"})
    assert call(client, "GET", "/v1/sessions/s/files/old/place/x")[2] == b"2" and sorted(paths(client)) == ["d", "old", "old/place", "old/place/x"]


CODES = {400: grpc.StatusCode.INVALID_ARGUMENT, 403: grpc.StatusCode.PERMISSION_DENIED, 404: grpc.StatusCode.NOT_FOUND,
         409: grpc.StatusCode.FAILED_PRECONDITION, 429: grpc.StatusCode.RESOURCE_EXHAUSTED}


@pytest.mark.parametrize("moved", [
    {"from": "none", "to": "a"}, {"from": "../x", "to": "a"}, {"from": "d", "to": "../a"}, {"from": "d", "to": "d/below"}, {"from": ".", "to": "a"},
    {"from": "d", "to": "memory/a"}, {"from": "/etc/passwd", "to": "a"}, {"from": "d", "to": "usr/x"},
], ids=lambda moved: f"{moved['from']} to {moved['to']}")
def test_a_move_is_refused_in_the_words_of_http(own, client, moved):
    put(client, "d/x", b"1")
    status, _, answer = client("POST", "/v1/sessions/s/move", moved)
    assert refused(lambda: own.MoveFile(session="s", **moved), CODES[status]) == answer["error"]
    assert paths(client) == ["d", "d/x"]


def test_what_is_left_out_is_refused(own):
    for fields in ({}, {"session": "s"}, {"session": "s", "from": "a"}, {"session": "s", "to": "a"}, {"from": "a", "to": "b"}):
        refused(lambda: own.MoveFile(**fields), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: own.ArchiveFiles(), grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("archive", [
    tar_of(("../x", b"")), tar_of(("/etc/passwd", b"")), tar_of(("a/../../x", b"")), tar_of(("fifo", {"type": tarfile.FIFOTYPE})),
    tar_of(("x", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})), tar_of(("usr/x", b"")), tar_of(("ok", b"x" * 2000))[:1000],
    tar_of(("up", {"type": tarfile.SYMTYPE, "linkname": "/.."}), ("up/../../x", b"")), b"nothing", b"", gzip.compress(bytes(MIB)),
    tar_of(("a", bytes(30 * MIB)), *((f"{i}", {"type": tarfile.LNKTYPE, "linkname": "a"}) for i in range(20))),
], ids=["up", "absolute", "up below", "pipe", "hard link out", "runtime's", "cut off", "link out", "no archive", "empty", "compressed", "grows"])
def test_archives_are_refused_in_the_words_of_http_and_leave_nothing(own, client, archive):
    put(client, "before", b"1")
    status, _, body = call(client, "PUT", "/v1/sessions/s/archive", archive)
    told = refused(lambda: unpack(own, archive), CODES[status])
    assert told == json.loads(body)["error"] or not archive
    assert paths(client) == ["before"]


@pytest.mark.parametrize("messages, said", [
    ([], "the first message holds no target"), ([{"data": b"x"}], "the first message holds no target"), ([{}], "the first message holds no target"),
    ([{"target": {"session": "s"}}, {"target": {"session": "t"}}], "a message behind the first holds no data"),
    ([{"target": {"session": "s"}}, {}], "a message behind the first holds no data"),
    ([{"target": {"session": "../s"}}], "session"), ([{"target": {}}], "session"),
], ids=["nothing", "no target", "empty", "two targets", "neither", "a bad name", "no name"])
def test_a_stream_of_another_form_is_refused(own, client, messages, said):
    assert said in refused(lambda: own.send("UnpackFiles", messages).result(), grpc.StatusCode.INVALID_ARGUMENT)
    assert client.get("/v1/sessions")["sessions"] == []


def test_a_path_that_leads_out_is_refused_before_the_archive_comes(own):
    held = threading.Event()

    def messages():
        yield {"target": {"session": "s", "path": "../x"}}
        held.wait(30)

    try:
        assert "traversal" in refused(lambda: own.send("UnpackFiles", messages()).result(), grpc.StatusCode.PERMISSION_DENIED)
    finally:
        held.set()
    refused(lambda: pack(own, path="../x"), grpc.StatusCode.PERMISSION_DENIED)
    refused(lambda: pack(own, path="none"), grpc.StatusCode.NOT_FOUND)


def test_an_archive_has_a_bound(own, client):
    put(client, "before", b"1")
    fits = tar_of(("large", bytes(64 * MIB - 20_480)))
    fits += bytes(64 * MIB - len(fits))
    assert "more than 64 MiB" in refused(lambda: unpack(own, fits + b"\0"), grpc.StatusCode.INVALID_ARGUMENT)
    assert paths(client) == ["before"]
    assert unpack(own, fits).size == 64 * MIB - 20_480
    put(client, "before", bytes(20_480))
    assert len(pack(own, path="large")) <= 64 * MIB
    refused(lambda: pack(own), grpc.StatusCode.FAILED_PRECONDITION)
    target = {"target": {"session": "s"}}
    refused(lambda: own.send("UnpackFiles", [target, {"data": bytes(5 * MIB)}]).result(), grpc.StatusCode.RESOURCE_EXHAUSTED)


def test_one_that_is_cancelled_leaves_nothing(own, client):
    put(client, "before", b"1")
    sent, held = threading.Event(), threading.Event()

    def messages():
        yield {"target": {"session": "s"}}
        yield {"data": tar_of(("x", b"1"))}
        sent.set()
        held.wait(30)

    unpacking = own.send("UnpackFiles", messages())
    assert sent.wait(30)
    unpacking.cancel()
    held.set()
    assert unpack(own, tar_of(("y", b"1")), path="after").path == "after"
    assert sorted(paths(client)) == ["after", "after/y", "before"]


def test_what_clients_send_together_is_bounded(serve, tmp_path):
    bounds = tmp_path / "bounds.yaml"
    bounds.write_text("service:\n  loop_handler_alarm_ms: 50\n  max_body_memory_bytes: 33554432\n")
    service = serve(env={"CONFIG_PATH": str(bounds)})
    archive = tar_of(("x", bytes(20 * MIB)))
    held = threading.Event()

    def messages(name):
        yield {"target": {"session": name}}
        for at in range(0, len(archive), PIECE):
            yield {"data": archive[at : at + PIECE]}
        held.wait(60)

    before = memory_of(service.process.pid, "VmRSS")
    with Client(service.grpc, SERVICE) as own, Latency(Http(service.http)) as others:
        calls = [own.send("UnpackFiles", messages(f"s{i}")) for i in range(6)]
        # Nobody has sent all, so one that ends was refused; another has room then.
        assert wait_until(lambda: any(each.done() for each in calls), 30)
        held.set()
        failures = [each.exception() for each in calls]
    assert {each.result().size for each, failure in zip(calls, failures) if failure is None} == {20 * MIB}
    assert {failure.code() for failure in failures if failure is not None} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert memory_of(service.process.pid, "VmHWM") - before < 160 * MIB
    assert others.worst < 0.5, f"{others.worst:.3f} s of {len(others.times)}"


def test_a_slow_reader_holds_one_archive_and_gets_it_whole(served, own, client):
    put(client, "large", bytes(range(256)) * (200 << 10))  # 50 MiB
    pieces = own.ArchiveFiles(session="s")
    archive = [next(pieces).data]
    held = memory_of(served.process.pid, "VmRSS")
    assert members_of(pack(own)).keys() == {"large"}, "others are served meanwhile"
    archive += [piece.data for piece in pieces]
    assert members_of(b"".join(archive))["large"] == bytes(range(256)) * (200 << 10)
    assert memory_of(served.process.pid, "VmHWM") - held < 200 * MIB


def test_keys_have_files_of_their_own_and_need_the_permission_to_run(serve, new_key):
    first, second = new_key("a")["key"], new_key("b")["key"]
    without = new_key("a", "--tool", "calculator")["key"]
    service = serve()
    with (Client(service.grpc, SERVICE, first) as one, Client(service.grpc, SERVICE, second) as other,
          Client(service.grpc, SERVICE, without) as weak, Client(service.grpc, SERVICE) as nobody):
        for client, code in ((weak, grpc.StatusCode.PERMISSION_DENIED), (nobody, grpc.StatusCode.UNAUTHENTICATED)):
            refused(lambda: unpack(client, tar_of(("x", b"1"))), code)
            refused(lambda: pack(client), code)
            refused(lambda: client.MoveFile(session="s", to="b", **{"from": "a"}), code)
        unpack(one, tar_of(("x", b"1")))
        assert members_of(pack(one)) == {"x": b"1"} and members_of(pack(other)) == {}
        refused(lambda: other.MoveFile(session="s", to="b", **{"from": "x"}), grpc.StatusCode.NOT_FOUND)
