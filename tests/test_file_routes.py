# SPDX-License-Identifier: Apache-2.0
"""A session's files over HTTP: lists, bytes, ranges; what programs wrote is there, what is written programs see; and what is refused."""

import json

import pytest

from test_http import Http


@pytest.fixture
def client(served):
    return Http(served.http)


def call(client, method, path, body=None, **headers):
    client.connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = client.connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def put(client, path, content, session="s"):
    status, _, body = call(client, "PUT", f"/v1/sessions/{session}/files/{path}", content)
    assert status == 200, body
    return json.loads(body)


def test_files_go_in_and_out_as_bytes(client):
    data = bytes(range(256)) * 100
    assert put(client, "data/in.bin", data) == {"path": "data/in.bin", "size": len(data)}
    told = client.post("/v1/run", session="s", code="d = open('data/in.bin', 'rb').read()\nopen('out.csv', 'w').write('a,b\\n')\nlen(d)")
    assert told["result"] == str(len(data))
    status, headers, body = call(client, "GET", "/v1/sessions/s/files/data/in.bin")
    assert (status, body, headers["Content-Type"]) == (200, data, "application/octet-stream")
    status, headers, body = call(client, "GET", "/v1/sessions/s/files/out.csv")
    assert (status, body, headers["Content-Type"]) == (200, b"a,b\n", "text/csv")
    assert headers["Content-Security-Policy"] == "sandbox"
    assert put(client, "empty", b"")["size"] == 0
    assert call(client, "GET", "/v1/sessions/s/files/empty")[2] == b""


def test_a_directory_is_listed(client):
    put(client, "a/b/c.txt", b"cc")
    put(client, "a/.hidden", b"h")
    listed = client.get("/v1/sessions/s/files?path=a")
    assert listed["truncated"] is False
    assert [(f["path"], f["is_directory"], f["size"], f["type"]) for f in listed["files"]] == [
        ("a/.hidden", False, 1, "application/octet-stream"), ("a/b", True, 0, None)]
    assert all(f["modified"].startswith("20") for f in listed["files"])
    everything = client.get("/v1/sessions/s/files?recursive=true")
    assert sorted(f["path"] for f in everything["files"]) == ["a", "a/.hidden", "a/b", "a/b/c.txt"]


RANGES = [
    ("bytes=0-3", 206, b"0123", "bytes 0-3/10"), ("bytes=7-", 206, b"789", "bytes 7-9/10"), ("bytes=-2", 206, b"89", "bytes 8-9/10"),
    ("bytes=5-100", 206, b"56789", "bytes 5-9/10"), ("bytes=-100", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=10-", 416, None, "bytes */10"), ("bytes=-0", 416, None, "bytes */10"),
    # Of any other form: all of it.
    ("bytes=3-1", 200, b"0123456789", None), ("bytes=0-1,3-4", 200, b"0123456789", None), ("bytes=x-", 200, b"0123456789", None),
    ("lines=1-2", 200, b"0123456789", None), ("bytes=99999999999999999999999-", 200, b"0123456789", None),
]


def test_ranges(client):
    put(client, "r", b"0123456789")
    for header, expected, content, told in RANGES:
        status, headers, body = call(client, "GET", "/v1/sessions/s/files/r", Range=header)
        assert status == expected and headers.get("Content-Range") == told, header
        assert content is None or body == content, header


def test_files_are_removed(client):
    put(client, "d/x", b"1")
    assert call(client, "DELETE", "/v1/sessions/s/files/d")[0] == 409
    assert call(client, "DELETE", "/v1/sessions/s/files/d/x")[0] == 204
    assert call(client, "DELETE", "/v1/sessions/s/files/d/x")[0] == 204
    put(client, "d/y", b"1")
    assert call(client, "DELETE", "/v1/sessions/s/files/d?recursive=true")[0] == 204
    assert client.get("/v1/sessions/s/files")["files"] == []


def test_a_change_is_a_revision_that_can_be_taken_back(client):
    client.post("/v1/run", session="s", code="x = 1")
    put(client, "f", b"1")
    client.post("/v1/sessions/s/rewind", revision="1")
    assert call(client, "GET", "/v1/sessions/s/files/f")[0] == 404
    assert client.post("/v1/run", session="s", code="x")["result"] == "1"


REFUSED = [
    ("GET", "nothing", 404), ("GET", "d", 409), ("PUT", "d", 409), ("GET", "../etc/passwd", 403), ("GET", "%2e%2e/etc/passwd", 403),
    ("GET", "a%2f..%2f..%2fetc", 403), ("GET", "/etc/passwd", 403), ("PUT", "%2Fetc/x", 403), ("GET", "a%00b", 400), ("GET", "a%ffb", 400),
    ("PUT", "memory/x", 403), ("DELETE", ".", 400), ("DELETE", "d?recursive=perhaps", 400), ("PUT", "usr/x", 403), ("PUT", "d/x/y/" + "z" * 300, 400),
]


@pytest.mark.parametrize("method, path, expected", REFUSED, ids=[f"{method} {path[:20]}" for method, path, _ in REFUSED])
def test_paths_that_lead_nowhere_are_refused(client, method, path, expected):
    put(client, "d/x", b"1")
    status, _, body = call(client, method, f"/v1/sessions/s/files/{path}", b"data" if method == "PUT" else None)
    assert status == expected or (expected == 400 and status in (403, 404, 409)), body
    assert "error" in json.loads(body)
    assert [f["path"] for f in client.get("/v1/sessions/s/files?recursive=true")["files"]] == ["d", "d/x"]


def test_links_lead_nowhere_else(client):
    client.post("/v1/run", session="s", code="import os; os.symlink('/usr', 'up'); os.symlink('f', 'near'); open('f', 'w').write('1')")
    assert call(client, "GET", "/v1/sessions/s/files/near")[2] == b"1"
    assert call(client, "GET", "/v1/sessions/s/files/up/../../etc/passwd")[0] == 403


def test_a_session_that_is_not_there(client):
    assert call(client, "GET", "/v1/sessions/none/files/x")[0] == 404
    assert client.get("/v1/sessions/none/files")["files"] == []
    assert call(client, "GET", "/v1/sessions/..%2fx/files/x")[0] == 400


def test_large_files_are_refused_with_their_bound(client):
    status, _, body = call(client, "PUT", "/v1/sessions/s/files/large", b"x" * (65 << 20))
    assert status == 413
    put(client, "large", b"x" * (11 << 20))
    status, _, body = call(client, "GET", "/v1/sessions/s/files/large")
    assert status == 409 and "bytes" in json.loads(body)["error"]
    told = client.post("/v1/run", session="s", code="len(open('large').read())")
    assert told["result"] == str(11 << 20)
