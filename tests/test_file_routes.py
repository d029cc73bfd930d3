# SPDX-License-Identifier: Apache-2.0
"""A session's files over HTTP: lists, bytes, ranges; what programs wrote is there, what is written programs see; and what is refused."""

import io
import json
import subprocess
import tarfile

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


def test_a_slow_client_gets_a_large_file_whole(client):
    put(client, "large", bytes(range(256)) * (100 << 10))  # 25 MiB
    others = Http(f"{client.host}:{client.port}")
    client.connection.request("GET", "/v1/sessions/s/files/large")
    response = client.connection.getresponse()
    got = 0
    while piece := response.read(4 << 20):
        got += len(piece)
        # Others' answers, and waiting, do not end it.
        assert len(call(others, "GET", "/v1/sessions/s/files/large")[2]) == 25 << 20
    assert got == 25 << 20


def tar_of(*members, form=tarfile.PAX_FORMAT, compression=""):
    """An archive of (name, content or TarInfo's changes)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{compression}", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                for key, value in content.items():
                    setattr(info, key, value)
                archive.addfile(info)
    return file.getvalue()


def members_of(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        return {member.name: read.extractfile(member).read() if member.isfile() else member.type.decode() for member in read}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_archives_go_in_and_out(client, form):
    long = "/".join(["deep" * 10] * 3)
    members = [("a.txt", b"a"), (f"{long}/b.bin", bytes(range(256)) * 300), ("empty", b""), ("d", {"type": tarfile.DIRTYPE}),
               ("link", {"type": tarfile.SYMTYPE, "linkname": "a.txt"}), ("again", {"type": tarfile.LNKTYPE, "linkname": "a.txt"})]
    status, _, body = call(client, "PUT", "/v1/sessions/s/archive?path=in%20here", tar_of(*members, form=form))
    assert (status, json.loads(body)) == (200, {"path": "in here", "size": 2 + 256 * 300}), body
    told = client.post("/v1/run", session="s", code=f"import os; os.chdir('in here'); open('link').read(), open('again').read(), "
                                                    f"os.path.getsize('{long}/b.bin'), os.listdir('d')")
    assert told["result"] == f"('a', 'a', {256 * 300}, [])", told
    status, headers, body = call(client, "GET", "/v1/sessions/s/archive?path=in%20here")
    assert status == 200 and headers["Content-Type"] == "application/x-tar"
    found = members_of(body)
    assert {name: found[name] for name in ("a.txt", "again", "empty", "d", "link", f"{long}/b.bin")} == {
        "a.txt": b"a", "again": b"a", "empty": b"", "d": "5", "link": "2", f"{long}/b.bin": bytes(range(256)) * 300}
    assert set(members_of(call(client, "GET", "/v1/sessions/s/archive")[2])) == {"in here"} | {f"in here/{name}" for name in found}


def test_a_native_tar_reads_what_is_sent_and_sends_what_is_read(client, tmp_path):
    (tmp_path / "in" / "Grüße").mkdir(parents=True)
    (tmp_path / "in" / "Grüße" / ("n" * 120)).write_text("text")
    sent = subprocess.run(["tar", "-C", tmp_path / "in", "-cf", "-", "."], capture_output=True, check=True).stdout
    assert call(client, "PUT", "/v1/sessions/s/archive", sent)[0] == 200
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "out", "-xf", "-"], input=call(client, "GET", "/v1/sessions/s/archive")[2], check=True)
    assert (tmp_path / "out" / "Grüße" / ("n" * 120)).read_text() == "text"


@pytest.mark.parametrize("archive, expected", [
    (tar_of(("../x", b"")), "../x"), (tar_of(("/etc/passwd", b"")), "/etc/passwd"), (tar_of(("a/../../x", b"")), "a/../../x"),
    (tar_of(("fifo", {"type": tarfile.FIFOTYPE})), "fifo"), (tar_of(("tty", {"type": tarfile.CHRTYPE})), "tty"),
    (tar_of(("x", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})), "x"), (tar_of(("usr/x", b"")), "usr/x"),
    (tar_of(("a", b""), ("a/b", b"")), "a/b"), (b"nothing", "ends early"),
    (tar_of(("ok", b"x" * 2000))[:1000], "ends early"),
])
def test_archives_that_lead_elsewhere_leave_nothing(client, archive, expected):
    put(client, "before", b"1")
    status, _, body = call(client, "PUT", "/v1/sessions/s/archive", tar_of(("first", b"1"))[:1024] + archive)
    assert 400 <= status < 500 and expected in json.loads(body)["error"], body
    assert [f["path"] for f in client.get("/v1/sessions/s/files?recursive=true")["files"]] == ["before"]


def test_a_compressed_archive_says_what_to_do(client):
    status, _, body = call(client, "PUT", "/v1/sessions/s/archive", tar_of(("x", b"x"), compression="gz"))
    assert status == 400 and "gzip -d" in json.loads(body)["error"]


def test_links_of_an_archive_stay_inside(client):
    archive = tar_of(("up", {"type": tarfile.SYMTYPE, "linkname": "../.."}), ("up/x", b"1"), ("etc", {"type": tarfile.SYMTYPE, "linkname": "/etc"}))
    assert call(client, "PUT", "/v1/sessions/s/archive?path=below", archive)[0] in (200, 403)
    assert call(client, "PUT", "/v1/sessions/s/archive", tar_of(("below/etc/passwd", b"1")))[0] >= 400
    told = client.post("/v1/run", session="s", code="import os; sorted(os.listdir('/')), os.path.exists('/etc/passwd')")
    assert told["result"] in ("(['below', 'x'], False)", "([], False)"), told


def test_an_archive_that_grows_meets_the_quota(client):
    large = tar_of(("a", bytes(30 << 20)), *((f"{i}", {"type": tarfile.LNKTYPE, "linkname": "a"}) for i in range(20)))
    status, _, body = call(client, "PUT", "/v1/sessions/s/archive", large)
    assert status == 429 and "quota" in json.loads(body)["error"].lower(), body
    assert client.get("/v1/sessions/s/files")["files"] == []
    client.post("/v1/run", session="s", code="for n in range(8): open(str(n), 'wb').write(b'x' * (9 << 20))")
    status, _, body = call(client, "GET", "/v1/sessions/s/archive")
    assert status == 409 and "67108864" in json.loads(body)["error"]


def test_files_and_directories_move(client):
    put(client, "d/x", b"1")
    put(client, "y", b"2")
    assert client.post("/v1/sessions/s/move", **{"from": "d/x", "to": "new/place/x"}) == {"path": "new/place/x", "size": 1}
    client.post("/v1/sessions/s/move", **{"from": "new", "to": "old"})
    client.post("/v1/sessions/s/move", **{"from": "y", "to": "old/place/x"})
    assert call(client, "GET", "/v1/sessions/s/files/old/place/x")[2] == b"2"
    assert client.post("/v1/run", session="s", code="import os; sorted(os.listdir('old')), os.path.exists('y')")["result"] == "(['place'], False)"
    for body, expected in (({"from": "none", "to": "a"}, 404), ({"from": "../x", "to": "a"}, 403), ({"from": "old", "to": "../a"}, 403),
                           ({"from": "old", "to": "old/below"}, 400), ({"from": ".", "to": "a"}, 400), ({"from": "old", "to": "memory/a"}, 403),
                           ({"from": "old"}, 400), ({"from": "old", "to": 1}, 400), ({"from": "old", "to": "a", "more": "b"}, 400)):
        status, _, told = client("POST", "/v1/sessions/s/move", body)
        assert status == expected, (body, told)


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
    put(client, "large", b"x" * (60 << 20))
    assert len(call(client, "GET", "/v1/sessions/s/files/large")[2]) == 60 << 20
    told = client.post("/v1/run", session="s", code="open('large', 'ab').write(b'x' * (5 << 20)); open('large').seek(0, 2)")
    assert told["result"] == str(65 << 20)
    status, _, body = call(client, "GET", "/v1/sessions/s/files/large")
    assert status == 409 and "bytes" in json.loads(body)["error"]
