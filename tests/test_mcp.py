# SPDX-License-Identifier: Apache-2.0
"""The Model Context Protocol: the official SDK over HTTP and stdio, in both eras, and what no SDK sends."""

import asyncio
import http.client
import json
import re
import signal
import socket
import time

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from conftest import wait_until
from mcp_client import ERAS, Raw, connect, in_loop, modern, needs_suite, request, suite, texts  # noqa: F401

TOOLS = ["run_python", "session_list", "session_log", "session_checkpoint", "session_rewind", "session_fork", "session_diff",
         "files_list", "files_read", "files_write"]


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_the_sdk_uses_every_tool(connect, era):
    async with connect(era) as client:
        assert client.protocol_version == ("2025-11-25" if era == "legacy" else "2026-07-28")
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == TOOLS
        assert all(tool.output_schema["type"] == "object" and tool.annotations.read_only_hint is not None for tool in listed)

        done = await client.call_tool("run_python", {"code": "x = 41\nprint('hi')\nx + 1", "session": "s"})
        assert not done.is_error and texts(done) == ["hi\n", "42"]
        assert done.structured_content["stdout"] == "hi\n" and done.structured_content["result"] == "42"
        assert done.structured_content["session"]["revision"] == 1

        labelled = await client.call_tool("session_checkpoint", {"session": "s", "label": "first"})
        assert labelled.structured_content["label"] == "first"
        await client.call_tool("session_fork", {"session": "s", "name": "t"})
        await client.call_tool("run_python", {"code": "x = 0; y = 1", "session": "t"})
        diff = (await client.call_tool("session_diff", {"session": "t", "from": "1"})).structured_content
        assert [each["name"] for each in diff["added"]] == ["y"] and [each["name"] for each in diff["changed"]] == ["x"]
        assert texts(await client.call_tool("run_python", {"code": "x", "session": "s"})) == ["41"]
        await client.call_tool("session_rewind", {"session": "t", "revision": 1})
        assert texts(await client.call_tool("run_python", {"code": "x", "session": "t"})) == ["41"]
        names = [each["name"] for each in (await client.call_tool("session_list")).structured_content["sessions"]]
        assert sorted(names) == ["s", "t"]
        log = (await client.call_tool("session_log", {"session": "t"})).structured_content
        assert [each["revision"] for each in log["revisions"]]

        await client.call_tool("files_write", {"session": "s", "path": "d/in.txt", "content": "héllo"})
        assert texts(await client.call_tool("run_python", {"code": "print(open('d/in.txt').read(), end='')", "session": "s"})) == ["héllo"]
        await client.call_tool("run_python", {"code": "open('out.bin', 'wb').write(bytes(range(256)))", "session": "s"})
        files = (await client.call_tool("files_list", {"session": "s", "recursive": True})).structured_content["files"]
        assert {each["path"]: each["size"] for each in files if each["type"] == "file"} == {"d/in.txt": 6, "out.bin": 256}
        binary = await client.call_tool("files_read", {"session": "s", "path": "out.bin", "encoding": "base64"})
        assert binary.structured_content["size"] == 256
        assert (await client.call_tool("files_read", {"session": "s", "path": "out.bin"})).is_error


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_what_fails_is_for_the_model_to_read(connect, era):
    async with connect(era) as client:
        failed = await client.call_tool("run_python", {"code": "import subprocess\nsubprocess.run(['ls'])"})
        assert failed.is_error and failed.structured_content["exception"]["type"] == "OSError"
        assert "Traceback" in texts(failed)[0] and "hint: there are no other programs" in "".join(texts(failed))
        late = await client.call_tool("run_python", {"code": "while True: pass", "timeout_seconds": 0.2})
        assert late.is_error and late.structured_content["outcome"] == "deadline"
        for name, arguments in [("run_python", {}), ("run_python", {"code": "1", "colour": 1}), ("files_read", {"session": "s", "path": "../x"}),
                                ("session_rewind", {"session": "none", "revision": 1}), ("session_log", {"session": "a/b"})]:
            assert (await client.call_tool(name, arguments)).is_error, name
        with pytest.raises(MCPError):
            await client.call_tool("no_such_tool", {})


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_output_is_progress(connect, era):
    heard = []

    async def progress(done, total, message):
        heard.append((done, message))

    code = "import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.1)"
    async with connect(era) as client:
        done = await client.call_tool("run_python", {"code": code}, progress_callback=progress)
    assert done.structured_content["stdout"] == "0\n1\n2\n"
    assert "".join(message for _, message in heard) == "0\n1\n2\n" and [value for value, _ in heard] == sorted({value for value, _ in heard})


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_a_call_that_is_given_up_ends_its_run(connect, era):
    """Its session is free again long before the program would have ended."""
    async with connect(era) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.call_tool("run_python", {"code": "import time; time.sleep(25)", "session": "s"}), 0.5)
        begun = time.monotonic()
        again = await client.call_tool("run_python", {"code": "1", "session": "s"})
        assert not again.is_error and time.monotonic() - begun < 10


# ---------------------------------------------------------------------------------------------------------- raw messages


def test_bad_requests_are_told_what_is_wrong(served):
    raw = Raw(served.http)
    call, good = modern("tools/call", {"name": "run_python", "arguments": {"code": "1"}})
    assert raw(call, **good)[0] == 200
    for name in good:
        status, answer = raw(call, **{**good, name: "other"})
        assert (status, answer["error"]["code"], answer["id"]) == (400, -32020, 1)
        status, answer = raw(call, **{key: value for key, value in good.items() if key != name})
        assert (status, answer["error"]["code"]) == (400, -32020), name
    message, headers = modern("tools/list", version="1999-01-01")
    assert raw(message, **headers)[1]["error"]["code"] == -32022
    message, headers = modern("no/such")
    assert (raw(message, **headers)[0], raw(message, **headers)[1]["error"]["code"]) == (404, -32601)
    for body in (b"", b"{", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 200 + b"]" * 200):
        status, answer = raw(body)
        assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)
    assert raw([request("ping")], MCP_Protocol_Version="2025-11-25")[0] == 400
    assert raw([request("ping")], MCP_Protocol_Version="2025-03-26")[1] == [{"jsonrpc": "2.0", "id": 1, "result": {}}]
    assert raw({"jsonrpc": "2.0", "method": "notifications/initialized"}) == (202, b"")
    for method in ("GET", "DELETE", "PUT"):
        assert raw(None, method)[0] == 405
    assert raw(b"x" * (17 << 20))[0] == 413


def test_pages_of_other_origins_are_refused(served):
    raw = Raw(served.http)
    assert raw(request("ping"), Origin=f"http://{served.http}")[0] == 200
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert raw(request("ping"), **headers)[0] == 403, headers


def busy_workers(address):
    """How many runs there are, as the metrics have it."""
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return int(float(re.search(r'^skerry_workers{state="running"} (\S+)$', text, re.M)[1]))


def test_a_client_that_vanishes_leaves_no_run(served):
    call, headers = modern("tools/call", {"name": "run_python", "arguments": {"code": "import time; time.sleep(25)"}})
    call["params"]["_meta"]["progressToken"] = 1
    body = json.dumps(call).encode()
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    host, port = served.http.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"POST /mcp HTTP/1.1\r\nHost: {served.http}\r\nAccept: text/event-stream\r\n{head}"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert wait_until(lambda: busy_workers(served.http) == 1, 10)
    assert wait_until(lambda: busy_workers(served.http) == 0, 10)


def test_large_programs_and_outputs_hold_nobody_up(served):
    raw = Raw(served.http)
    big = "x = '''" + "y" * (12 << 20) + "'''\nprint(len(x))\n"
    message, headers = modern("tools/call", {"name": "run_python", "arguments": {"code": big}})
    status, answer = raw(message, **headers)
    assert status == 200 and answer["result"]["structuredContent"]["stdout"] == f"{12 << 20}\n"
    code = {"code": "print('z' * (6 << 20))", "max_output": 8 << 20}
    message, headers = modern("tools/call", {"name": "run_python", "arguments": code})
    assert len(raw(message, **headers)[1]["result"]["structuredContent"]["stdout"]) == (6 << 20) + 1
    message["params"]["_meta"]["progressToken"] = "t"
    status, events = raw(message, **headers)
    last = json.loads(events.decode().strip().rsplit("\n\n", 1)[-1].split("data: ", 1)[1])
    assert len(last["result"]["structuredContent"]["stdout"]) == (6 << 20) + 1
    assert len(last["result"]["content"][0]["text"]) < 300_000


def test_tenants_do_not_meet(serve, skerry, own_home):
    keys = {tenant: skerry("keys", "create", tenant, *more, env={"SKERRY_HOME": str(own_home)}).ok().out.strip()
            for tenant, more in [("a", ()), ("b", ()), ("c", ("--tool", "calculator")), ("d", ("--runs-per-second", "1"))]}
    service = serve()
    assert Raw(service.http)(request("ping"))[0] == 401

    def call(tenant, tool, **arguments):
        raw = Raw(service.http, Authorization=f"Bearer {keys[tenant]}")
        return raw(request("tools/call", {"name": tool, "arguments": arguments}))[1]["result"]

    assert not call("a", "run_python", code="x = 1", session="s")["isError"]
    assert not call("a", "files_write", session="s", path="f", content="secret")["isError"]
    assert not call("a", "session_fork", session="s", name="t")["isError"]
    # What a has, b has not, under the same names.
    assert call("b", "session_list")["structuredContent"]["sessions"] == []
    for tool, arguments in [("session_log", {}), ("session_checkpoint", {}), ("session_rewind", {"revision": 1}), ("session_fork", {"name": "u"}),
                            ("session_diff", {"from": "0"}), ("files_read", {"path": "f"}), ("files_list", {})]:
        answer = call("b", tool, session="s", **arguments)
        assert answer["isError"] or "secret" not in json.dumps(answer) and not answer["structuredContent"].get("files"), tool
    assert call("b", "run_python", code="x", session="s")["structuredContent"]["exception"]["type"] == "NameError"
    assert call("a", "run_python", code="x", session="s")["structuredContent"]["result"] == "1"
    # A key that may not run may use none of these.
    for tool, arguments in [("run_python", {"code": "1"}), ("session_list", {}), ("session_log", {"session": "s"}),
                            ("files_list", {"session": "s"}), ("files_write", {"session": "s", "path": "f", "content": ""})]:
        answer = call("c", tool, **arguments)
        assert answer["isError"] and "python_executor" in answer["content"][0]["text"], tool
    # Rates are those of /v1/run.
    answers = [call("d", "run_python", code="1") for _ in range(4)]
    assert any(each["isError"] and "again after" in each["content"][0]["text"] for each in answers) and not answers[0]["isError"]
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0


@in_loop
async def test_the_sdk_sends_its_key(serve, skerry, own_home):
    key = skerry("keys", "create", "a", env={"SKERRY_HOME": str(own_home)}).ok().out.strip()
    service = serve()
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http_client:
        transport = streamable_http_client(f"http://{service.http}/mcp", http_client=http_client)
        async with Client(transport) as client:
            assert texts(await client.call_tool("run_python", {"code": "6 * 7"})) == ["42"]


def test_stdio_ends_with_its_input(skerry, own_home):
    lines = [request("initialize", {"protocolVersion": "2024-11-05"}), {"jsonrpc": "2.0", "method": "notifications/initialized"},
             request("tools/call", {"name": "run_python", "arguments": {"code": "6 * 7"}})]
    done = skerry("mcp", "--workers", "1", stdin="".join(json.dumps(each) + "\n" for each in lines), env={"SKERRY_HOME": str(own_home)}).ok()
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert answers[0]["result"]["protocolVersion"] == "2024-11-05"
    assert answers[1]["result"]["content"] == [{"type": "text", "text": "42"}]


def test_stdio_and_the_command_line_share_sessions(skerry, run, own_home):
    run("s", "x = 5").ok()
    call = request("tools/call", {"name": "run_python", "arguments": {"code": "x", "session": "s"}})
    done = skerry("mcp", stdin=json.dumps(call) + "\n", env={"SKERRY_HOME": str(own_home)}).ok()
    assert json.loads(done.out)["result"]["content"][0]["text"] == "5"


@needs_suite
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_conformance_suite_passes(serve, revision, tmp_path):
    service = serve("--mcp-conformance")
    done = suite(service, tmp_path, "--requirements", revision)
    assert done.returncode == 0, done.stdout[-6000:]
