# SPDX-License-Identifier: Apache-2.0
"""Files of a run: what it is given by value and by id, what it reports, and the files that are kept for runs and clients."""

import base64
import concurrent.futures
import hashlib
import json

import grpc
import pytest

from grpc_client import Client
from test_file_routes import call
from test_http import Http, events_of

@pytest.fixture
def client(served):
    return Http(served.http)


def keep(client, content, **headers):
    status, _, body = call(client, "POST", "/v1/files", content, **headers)
    assert status == 201, body
    return json.loads(body)


def run(client, code, **fields):
    return client.post("/v1/run", code=code, **fields)


def refusal(client, **fields):
    status, _, answer = client("POST", "/v1/run", {"code": "1", **fields})
    assert status >= 400, answer
    return status, answer["error"]


def kept(client, file_id):
    return call(client, "GET", f"/v1/files/{file_id}")[2]


def test_a_program_finds_the_files_that_it_is_given(client):
    data = bytes(range(256))
    sent = keep(client, b"sent before")
    told = run(client, "import os\n"
                       "text, binary = open('in.txt').read(), open('a/b/c.bin', 'rb').read()\n"
                       "(text, binary == bytes(range(256)), open('/workspace/by/id').read(), os.path.getsize('empty'), os.getcwd())",
               files={"in.txt": {"text": "Grüße\n"}, "a/b/c.bin": {"base64": base64.b64encode(data).decode()},
                      "by/id": {"id": sent["id"]}, "empty": {"text": ""}})
    assert told["outcome"] == "completed", told
    assert told["result"] == "('Grüße\\n', True, 'sent before', 0, '/')"
    assert told["files"] == [], "what was given is no change"
    # It is there for that run alone.
    assert run(client, "import os; os.path.exists('in.txt')")["result"] == "False"


def test_files_that_a_program_changes_are_reported(client):
    told = run(client, "import os\n"
                       "open('given', 'a').write(' and more')\n"
                       "os.remove('unwanted')\n"
                       "os.makedirs('out/deep')\n"
                       "open('out/deep/table.csv', 'w').write('a,b\\n')\n"
                       "open('/tmp/scratch', 'w').write('x')\n"
                       "f = open('sparse', 'wb'); f.seek(100_000); f.write(b'end'); f.close()",
               files={"given": {"text": "given"}, "unwanted": {"text": ""}, "same": {"text": "same"}})
    files = {file["path"]: file for file in told["files"]}
    assert sorted(files) == ["given", "out/deep/table.csv", "sparse", "unwanted"]
    table = files["out/deep/table.csv"]
    assert (table["change"], table["size"], table["type"]) == ("created", 4, "text/csv")
    assert table["sha256"] == table["id"] == hashlib.sha256(b"a,b\n").hexdigest()
    assert kept(client, table["id"]) == b"a,b\n"
    assert files["given"]["change"] == "modified" and kept(client, files["given"]["id"]) == b"given and more"
    assert files["unwanted"] == {"path": "unwanted", "change": "deleted", "size": 0, "type": None, "sha256": None, "id": None, "message": ""}
    assert kept(client, files["sparse"]["id"]) == bytes(100_000) + b"end"
    assert told["files_truncated"] is False
    # One run's files are the next one's.
    again = run(client, "open('t.csv').read()", files={"t.csv": {"id": table["id"]}})
    assert again["result"] == "'a,b\\n'"


def test_a_failed_run_reports_its_files_too(client):
    told = run(client, "open('partial', 'w').write('x')\nraise SystemExit(3)")
    assert told["exit_code"] == 3
    assert [file["path"] for file in told["files"]] == ["partial"]


def test_files_in_a_session_stay(client):
    told = run(client, "open('in').read()", session="files-1", files={"in": {"text": "first"}})
    assert told["result"] == "'first'"
    told = run(client, "x = open('in').read(); open('out', 'w').write(x * 2); x", session="files-1")
    assert told["result"] == "'first'"
    assert [(file["path"], file["change"]) for file in told["files"]] == [("out", "created")]
    # Given again, a file takes its place.
    told = run(client, "open('in').read()", session="files-1", files={"in": {"text": "second"}})
    assert told["result"] == "'second'" and told["files"] == []
    assert call(client, "GET", "/v1/sessions/files-1/files/in")[2] == b"second"
    assert run(client, "1", session="files-1")["files"] == []


def test_events_tell_of_files_with_the_outcome(client):
    body = json.dumps({"code": "open('out', 'w').write('x')", "files": {"in": {"text": "x"}}})
    answer = call(client, "POST", "/v1/run", body, Accept="text/event-stream")[2].decode()
    outcome = dict(events_of(answer))["outcome"]
    assert [file["path"] for file in outcome["files"]] == ["out"]


def test_files_over_grpc(served):
    client = Client(served.grpc, "skerry.v1.Skerry")
    sent = keep(Http(served.http), b"kept")
    events = list(client.Run(code="open('out', 'wb').write(open('a', 'rb').read() + open('b').read().encode() + open('c').read().encode())",
                             files={"a": {"data": base64.b64encode(b"\xff").decode()}, "b": {"text": "t"}, "c": {"id": sent["id"]}}))
    (file,) = events[-1].outcome.files
    assert (file.path, file.change, file.size, file.id) == ("out", "created", 6, hashlib.sha256(b"\xfftkept").hexdigest())
    for wrong, code in (({"a": {}}, "INVALID_ARGUMENT"), ({"../a": {"text": ""}}, "INVALID_ARGUMENT"), ({"a": {"id": "0" * 64}}, "NOT_FOUND")):
        with pytest.raises(grpc.RpcError) as error:
            list(client.Run(code="1", files=wrong))
        assert error.value.code().name == code, wrong


def test_files_through_mcp(client):
    def call_tool(arguments):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "run_python", "arguments": arguments}})
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP_Protocol_Version": "2025-11-25"}
        return json.loads(call(client, "POST", "/mcp", body, **headers)[2])["result"]

    told = call_tool({"code": "open('out.txt', 'w').write(open('in').read().upper())", "files": {"in": {"text": "shout"}}})
    (file,) = told["structuredContent"]["files"]
    assert file["path"] == "out.txt" and kept(client, file["id"]) == b"SHOUT"
    refused = call_tool({"code": "1", "files": {"../in": {"text": ""}}})
    assert refused["isError"] and "../in" in refused["content"][0]["text"]


def test_the_command_line_tells_of_files_and_keeps_none(run_json, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "given").write_text("1")
    code = "open('out.csv', 'w').write('a'); open('/tmp/scratch', 'w')"
    (file,) = run_json(code, "--dir", f"{tmp_path}/in::/in")["files"]
    assert (file["path"], file["change"], file["sha256"], file["id"]) == ("out.csv", "created", hashlib.sha256(b"a").hexdigest(), None)
    told = run_json(code, "--output-dir", tmp_path / "results")
    assert [file["path"] for file in told["files"]] == ["out.csv"] and (tmp_path / "results" / "out.csv").read_text() == "a"
    told = run_json("import os; os.remove('in/given')", "--dir", f"{tmp_path}/in::/in:rw")
    assert [(file["path"], file["change"]) for file in told["files"]] == [("in/given", "deleted")] and not (tmp_path / "in" / "given").exists()


def test_what_is_too_much_is_told_and_the_run_goes_on(client):
    told = run(client, "for i in range(1005): open(f'{i:04}', 'w')")
    assert told["outcome"] == "completed" and len(told["files"]) == 1000 and told["files_truncated"] is True
    told = run(client, "open('0', 'wb').write(bytes(40 << 20)); open('1', 'wb').write(bytes(40 << 20)); open('2', 'wb').write(b'x')", timeout=60)
    first, second, third = told["files"]
    assert first["id"] and third["id"] and second["id"] is None and "67108864" in second["message"], told
    assert second["size"] == 40 << 20


def test_a_file_of_several_names_counts_once(client):
    code = "import os; open('big', 'wb').write(b'x' * (100 << 20)); [os.link('big', f'l{i}') for i in range(3)]; open('s', 'wb').write(b'y'); os.link('s', 't')"
    told = run(client, code, timeout=60, session="links")
    assert told["outcome"] == "completed" and told["session"]["saved"] == "committed", told
    files = {file["path"]: file for file in told["files"]}
    assert sorted(files) == ["big", "l0", "l1", "l2", "s", "t"]
    assert all(files[name]["size"] == 100 << 20 and files[name]["id"] is None for name in ("big", "l0", "l1", "l2"))
    assert files["t"]["id"] == files["s"]["id"] and kept(client, files["t"]["id"]) == b"y"


def test_holes_cost_nothing_until_they_are_kept(served):
    def sparse(number):
        client = Http(served.http)
        told = run(client, f"f = open('f', 'wb'); f.write(b'{number}'); f.truncate(60 << 20)")
        client.connection.close()
        return told["files"][0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        files = list(pool.map(sparse, range(8)))
    assert all(file["size"] == 60 << 20 and file["id"] for file in files), files
    # The service's alarm tells if that held the event loop.
    assert kept(Http(served.http), files[3]["id"]) == b"3" + bytes((60 << 20) - 1)


@pytest.mark.parametrize("files, expected", [
    ({"../x": {"text": ""}}, "../x"), ({"/etc/passwd": {"text": ""}}, "/etc/passwd"), ({"memory/x": {"text": ""}}, "memory/x"),
    ({".": {"text": ""}}, "no file"), ({"": {"text": ""}}, "no file"), ({"a\0b": {"text": ""}}, "files"),
    ({"a": {"text": "", "id": "0" * 64}}, "text, base64 or id"), ({"a": {}}, "text, base64 or id"), ({"a": "text"}, "text, base64 or id"),
    ({"a": {"path": "/etc/passwd"}}, "text, base64 or id"), ({"a": {"base64": "&"}}, "files"), ({"a": {"id": "../../x"}}, "64 hexadecimal"),
    ([1], "object"), ({"a": {"text": ""}, "a/b": {"text": ""}}, "a"), ({"tmp": {"text": ""}}, "tmp"), ({"usr/x": {"text": ""}}, "usr"),
    ({f"{i}": {"text": ""} for i in range(257)}, "256"), ({"a": {"text": "1"}, "./a": {"text": "2"}}, "twice"),
    ({"a": {"text": "1"}, "workspace/a": {"text": "2"}}, "twice"),
])
def test_files_that_cannot_be_are_refused(client, files, expected):
    status, error = refusal(client, files=files)
    assert status == 400 and expected in error, error
    assert run(client, "1 + 1")["result"] == "2"


def test_an_unknown_id_is_not_found(client):
    status, error = refusal(client, files={"a": {"id": "0" * 64}})
    assert status == 404 and "a" in error and "0" * 64 in error


def test_a_large_file_by_id(client):
    data = b"0123456789abcdef" * (4 << 16)  # 4 MiB
    sent = keep(client, data * 15)
    assert sent["size"] == 60 << 20
    told = run(client, "d = open('d', 'rb').read(); len(d), d[-16:]", files={"d": {"id": sent["id"]}}, timeout=60)
    assert told["result"] == f"({60 << 20}, b'0123456789abcdef')", told
    for many in ({"d": {"id": sent["id"]}, "e": {"id": sent["id"]}}, {str(i): {"id": sent["id"]} for i in range(10)}):
        status, error = refusal(client, files=many)
        assert status == 400 and "67108864" in error


# --------------------------------------------------------------------------------------------------------- files that are kept


def test_a_file_is_kept_once(client):
    data = bytes(range(256)) * 1000
    first, second = keep(client, data), keep(client, data)
    assert first["id"] == second["id"] == first["sha256"] == hashlib.sha256(data).hexdigest()
    assert first["size"] == len(data) and first["expires"] <= second["expires"]
    listed = client.get("/v1/files")
    assert [file["size"] for file in listed["files"] if file["id"] == first["id"]] == [len(data)]
    assert 0 < listed["used"] <= listed["quota"]
    status, headers, body = call(client, "GET", f"/v1/files/{first['id']}")
    assert (status, body, headers["Content-Type"]) == (200, data, "application/octet-stream")
    assert headers["Content-Length"] == str(len(data)) and headers["Content-Security-Policy"] == "sandbox"
    assert call(client, "DELETE", f"/v1/files/{first['id']}")[0] == 204
    assert call(client, "GET", f"/v1/files/{first['id']}")[0] == 404
    assert call(client, "DELETE", f"/v1/files/{first['id']}")[0] == 404


def test_lists_of_kept_files_have_pages(client):
    ids = {file["id"] for _ in range(2) for file in run(client, "import time\nfor i in range(600): open(str(i), 'w').write(f'{i} {time.time_ns()}')")["files"]}
    assert len(ids) == 1200
    first = client.get("/v1/files")
    second = client.get(f"/v1/files?after={first['next']}")
    assert len(first["files"]) == 1000 and second["next"] is None
    assert {file["id"] for file in first["files"] + second["files"]} == ids
    assert client("GET", "/v1/files?after=x")[0] == 400


def test_parts_of_a_kept_file(client):
    sent = keep(client, b"0123456789" * 100_000)
    for header, expected, content, told in [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/1000000"), ("bytes=-2", 206, b"89", "bytes 999998-999999/1000000"),
        ("bytes=1000000-", 416, None, "bytes */1000000"), ("bytes=300000-899999", 206, b"0123456789" * 60_000, "bytes 300000-899999/1000000"),
    ]:
        status, headers, body = call(client, "GET", f"/v1/files/{sent['id']}", Range=header)
        assert status == expected and headers.get("Content-Range") == told, header
        assert content is None or body == content, header


@pytest.mark.parametrize("file_id", ["x", "..", "%2e%2e%2fetc", "A" * 64, "0" * 63])
def test_an_id_is_no_path(client, file_id):
    assert call(client, "GET", f"/v1/files/{file_id}")[0] in (400, 404)
    assert call(client, "DELETE", f"/v1/files/{file_id}")[0] in (400, 404)


def test_tenants_share_nothing(serve, in_own_home):
    keys = [json.loads(in_own_home("keys", "create", tenant, "--json").ok().out)["key"] for tenant in ("ann", "bob")]
    client = Http(serve().http)
    ann, bob = ({"X_API_Key": key} for key in keys)
    sent = keep(client, b"secret of Ann's", **ann)
    path = f"/v1/files/{sent['id']}"
    assert call(client, "GET", path, **ann)[2] == b"secret of Ann's"
    assert call(client, "GET", path, **bob)[0] == call(client, "DELETE", path, **bob)[0] == 404
    assert json.loads(call(client, "GET", "/v1/files", **bob)[2])["files"] == []
    for method, each in (("GET", path), ("DELETE", path), ("GET", "/v1/files"), ("POST", "/v1/files")):
        assert call(client, method, each)[0] == 401
    body = json.dumps({"code": "open('a').read()", "files": {"a": {"id": sent["id"]}}})
    assert call(client, "POST", "/v1/run", body, **bob)[0] == 404
    assert json.loads(call(client, "POST", "/v1/run", body, **ann)[2])["result"] == '"secret of Ann\'s"'
    # The same content, sent by another, is hers.
    assert keep(client, b"secret of Ann's", **bob)["id"] == sent["id"]
    assert call(client, "DELETE", path, **bob)[0] == 204
    assert call(client, "GET", path, **ann)[0] == 200


def test_bounds_are_the_operators(serve, tmp_path):
    setting = tmp_path / "uploads.yaml"
    setting.write_text("uploads:\n  max_file_bytes: 1000\n  max_bytes: 10000\nservice:\n  loop_handler_alarm_ms: 50\n")
    client = Http(serve(env={"CONFIG_PATH": str(setting)}).http)
    status, _, body = call(client, "POST", "/v1/files", bytes(1001))
    assert status == 413, body
    for each in (b"1", b"2"):
        keep(client, each * 1000)
    status, _, body = call(client, "POST", "/v1/files", b"3" * 1000)
    assert status == 507 and b"10000" in body
    # What a run leaves is told all the same.
    told = run(client, "open('out', 'w').write('x' * 500)")
    assert told["outcome"] == "completed" and told["files"][0]["id"] is None and "10000" in told["files"][0]["message"]
