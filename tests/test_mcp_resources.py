# SPDX-License-Identifier: Apache-2.0
"""Resources of the Model Context Protocol: files and histories of sessions, and images that are too large for an answer."""

import base64
import hashlib
import json

import pytest
from mcp import MCPError

from conftest import wait_until
from mcp_client import ERAS, Raw, connect, in_loop, modern, needs_suite, request, suite  # noqa: F401

# Pictures of noise, of 3 * side * side bytes and a little.
PICTURES = """
import hashlib, os, struct, zlib

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

class Picture:
    def __init__(self, side):
        rows = b"".join(b"\\0" + os.urandom(3 * side) for _ in range(side))
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        self.png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
        print(hashlib.sha256(self.png).hexdigest(), len(self.png))

    def _repr_png_(self):
        return self.png
"""
SMALL, LARGE, HUGE = 100, 700, 1100  # a block; more than one holds; more than a run gives back


async def all_resources(client):
    found, cursor, pages = [], None, 0
    while True:
        page = await client.list_resources(cursor=cursor, cache_mode="bypass")
        found += page.resources
        pages += 1
        cursor = page.next_cursor
        if cursor is None:
            return found, pages


async def content_at(client, uri):
    (content,) = (await client.read_resource(uri, cache_mode="bypass")).contents
    assert content.uri == uri
    return content


async def code_of(call):
    with pytest.raises(MCPError) as raised:
        await call
    return raised.value.code


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_files_and_histories_are_resources(connect, era):
    async with connect(era) as client:
        assert client.server_capabilities.resources is not None
        assert (await all_resources(client)) == ([], 1)
        await client.call_tool("run_python", {"code": "import os; os.mkdir('d'); open('d/ü 1%.csv', 'w').write('a,é'); open('.hidden', 'w')",
                                              "session": "s"})
        await client.call_tool("run_python", {"code": "open('n.bin', 'wb').write(bytes(range(256))); open('plain', 'w').write('x')", "session": "s"})
        found = {each.uri: each for each in (await all_resources(client))[0]}
        base = "skerry://sessions/s"
        assert list(found) == [f"{base}/log", f"{base}/files/d/%C3%BC%201%25.csv", f"{base}/files/n.bin", f"{base}/files/plain"]
        table = found[f"{base}/files/d/%C3%BC%201%25.csv"]
        assert (table.name, table.mime_type, table.size) == ("s/d/ü 1%.csv", "text/csv", 4) and table.annotations.last_modified

        text = await content_at(client, table.uri)
        assert (text.text, text.mime_type, text.meta) == ("a,é", "text/csv", {"size": 4})
        binary = await content_at(client, f"{base}/files/n.bin")
        assert base64.b64decode(binary.blob) == bytes(range(256)) and binary.mime_type == "application/octet-stream"
        plain = await content_at(client, f"{base}/files/plain")
        assert (plain.text, plain.mime_type) == ("x", "text/plain")
        assert (await content_at(client, f"{base}/files/.hidden")).text == ""
        log = await content_at(client, f"{base}/log")
        assert log.mime_type == "application/json"
        assert json.loads(log.text) == (await client.call_tool("session_log", {"session": "s"})).structured_content

        # What a program changes is read anew.
        await client.call_tool("run_python", {"code": "open('plain', 'w').write('y')", "session": "s"})
        assert (await client.read_resource(plain.uri)).contents[0].text == "y"
        templates = (await client.list_resource_templates()).resource_templates
        assert [each.uri_template for each in templates] == ["skerry://sessions/{session}/files/{+path}", "skerry://sessions/{session}/log",
                                                             "skerry://images/{id}"]


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_what_is_not_there_is_said_as_the_revision_says_it(connect, era):
    missing = -32002 if era == "legacy" else -32602
    async with connect(era) as client:
        await client.call_tool("files_write", {"session": "s", "path": "d/f", "content": "x"})
        assert (await content_at(client, "skerry://sessions/s/files/d/f")).text == "x"
        for uri in ("skerry://sessions/s/files/none", "skerry://sessions/none/files/f", "skerry://sessions/none/log", "skerry://images/00",
                    "file:///etc/passwd", "skerry://sessions/s/files/", "nothing"):
            assert await code_of(client.read_resource(uri)) == missing, uri
        for uri in ("skerry://sessions/s/files/../f", "skerry://sessions/s/files/%2e%2e/f", "skerry://sessions/s/files/%zz",
                    "skerry://sessions/s%2Ft/log", "skerry://sessions/s/files//etc/passwd", "skerry://sessions/s/files/" + "a" * 5000,
                    "skerry://sessions/s/files/d"):
            assert await code_of(client.read_resource(uri)) == -32602, uri
        for cursor in ("1", "skerry://images/00", "x" * 20000):
            assert await code_of(client.list_resources(cursor=cursor)) == -32602, cursor
        # A file may have more than a resource holds; one that has not is read.
        await client.call_tool("run_python", {"session": "s", "code": "open('big', 'wb').write(bytes(11 << 20)); open('less', 'wb').write(b'\\xff' * (9 << 20))"})
        with pytest.raises(MCPError, match="max 10485760") as raised:
            await client.read_resource("skerry://sessions/s/files/big")
        assert raised.value.code == -32602
        assert base64.b64decode((await content_at(client, "skerry://sessions/s/files/less")).blob) == b"\xff" * (9 << 20)


@in_loop
async def test_long_lists_come_in_parts(connect):
    async with connect("auto") as client:
        code = "import os\nfor i in range(700):\n    open(f'{i:03}.txt', 'w').close()"
        assert not (await client.call_tool("run_python", {"code": code, "session": "m"})).is_error
        await client.call_tool("session_fork", {"session": "m", "name": "n"})
        await client.call_tool("run_python", {"code": "1", "session": "a"})
        found, pages = await all_resources(client)
        names = [f"files/{i:03}.txt" for i in range(700)]
        assert [each.uri for each in found] == ["skerry://sessions/a/log", *(f"skerry://sessions/{session}/{name}" for session in "mn" for name in ["log", *names])]
        assert pages == 3
        # A cursor still leads on when what it names has gone.
        await client.call_tool("run_python", {"code": "os.remove('499.txt')", "session": "m"})
        page = await client.list_resources(cursor="skerry://sessions/m/files/499.txt", cache_mode="bypass")
        assert page.resources[0].uri == "skerry://sessions/m/files/500.txt"


@in_loop
async def test_of_many_sessions_the_latest_have_their_files_listed(connect):
    async with connect("auto") as client:
        await client.call_tool("files_write", {"session": "s00", "path": "f", "content": "x"})
        for number in range(1, 34):
            await client.call_tool("session_fork", {"session": "s00", "name": f"s{number:02}"})
        await client.call_tool("files_write", {"session": "s00", "path": "f", "content": "y"})
        found = {each.uri for each in (await all_resources(client))[0]}
        assert {uri for uri in found if uri.endswith("/log")} == {f"skerry://sessions/s{number:02}/log" for number in range(34)}
        files = {uri for uri in found if "/files/" in uri}
        assert len(files) == 32 and "skerry://sessions/s00/files/f" in files
        (unlisted, *_) = {f"skerry://sessions/s{number:02}/files/f" for number in range(34)} - files
        assert (await content_at(client, unlisted)).text == "x"


def test_a_damaged_session_keeps_no_other_from_being_listed(run, skerry, own_home):
    """Its history stays readable, and says what is wrong."""
    revisions = own_home / "store" / "revisions"
    for name in ("a", "m", "z"):
        before = set(revisions.iterdir()) if revisions.exists() else set()
        run(name, "open('f', 'w').write('x')").ok()
        if name == "m":
            (damaged,) = set(revisions.iterdir()) - before
    damaged.write_bytes(b"")
    lines = [request("resources/list"), *(request("resources/read", {"uri": f"skerry://sessions/{name}"}) for name in ("m/files/f", "m/log", "z/files/f"))]
    for number, line in enumerate(lines):
        line["id"] = number
    done = skerry("mcp", stdin="".join(json.dumps(line) + "\n" for line in lines), env={"SKERRY_HOME": str(own_home)}).ok()
    answers = {answer["id"]: answer for answer in map(json.loads, done.out.splitlines())}
    listed = {each["uri"]: each for each in answers[0]["result"]["resources"]}
    assert list(listed) == [f"skerry://sessions/{path}" for path in ("a/log", "a/files/f", "m/log", "z/log", "z/files/f")]
    assert "could not be listed" in listed["skerry://sessions/m/log"]["description"]
    assert answers[1]["error"]["code"] == -32603
    assert json.loads(answers[2]["result"]["contents"][0]["text"])["revisions"]
    assert answers[3]["result"]["contents"][0]["text"] == "x"


def digests(done):
    """(sha256, size) of each picture of a run, as it printed them."""
    return [(line.split()[0], int(line.split()[1])) for line in done.structured_content["stdout"].splitlines()]


@pytest.mark.parametrize("era", ERAS)
@in_loop
async def test_large_images_are_links_that_can_be_read(connect, era):
    async with connect(era) as client:
        done = await client.call_tool("run_python", {"code": f"{PICTURES}\ndisplay(Picture({SMALL}), Picture({LARGE}))"})
        assert not done.is_error
        assert [block.type for block in done.content if block.type != "text"] == ["image", "resource_link"]
        (link,) = [block for block in done.content if block.type == "resource_link"]
        (_, (digest, size)) = digests(done)
        assert (link.mime_type, link.size) == ("image/png", size) and link.uri.startswith("skerry://images/")
        assert done.structured_content["results"][1]["metadata"]["links"] == {"image/png": link.uri}
        content = await content_at(client, link.uri)
        assert content.mime_type == "image/png" and hashlib.sha256(base64.b64decode(content.blob)).hexdigest() == digest

        # What a run does not give back at all is a file of its session, wherever the program was.
        code = f"{PICTURES}\nimport os\nos.makedirs('here/and', exist_ok=True)\nos.chdir('here')\ndisplay(Picture({HUGE}))"
        done = await client.call_tool("run_python", {"code": code, "session": "s"})
        (link,) = [block for block in done.content if block.type == "resource_link"]
        ((digest, size),) = digests(done)
        assert (link.uri, link.name, link.size) == ("skerry://sessions/s/files/here/display-1.png", "display-1.png", size)
        content = await content_at(client, link.uri)
        assert hashlib.sha256(base64.b64decode(content.blob)).hexdigest() == digest
        # Without a session that file is gone, and what a program merely says is linked to nothing.
        for more in ({}, {"session": "t"}):
            code = "display({'text/plain': 'x'}, raw=True, metadata={'files': {'image/png': 'display-9.png', 'a/b': 7}})"
            done = await client.call_tool("run_python", {"code": code, **more})
            assert not done.is_error and not [block for block in done.content if block.type == "resource_link"]


def test_revisions_without_links_are_told_in_words(served):
    raw = Raw(served.http)
    call = request("tools/call", {"name": "run_python", "arguments": {"code": f"{PICTURES}\ndisplay(Picture({LARGE}))"}})
    for revision in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
        content = raw(call, MCP_Protocol_Version=revision)[1]["result"]["content"]
        has_link = [block["uri"] for block in content if block["type"] == "resource_link"]
        words = " ".join(block["text"] for block in content if block["type"] == "text")
        assert bool(has_link) == (revision >= "2025-06-18") and ("resources/read gives skerry://images/" in words) != bool(has_link), revision
        uri = has_link[0] if has_link else words.split("resources/read gives ")[1].split("]")[0]
        (read,) = raw(request("resources/read", {"uri": uri}), MCP_Protocol_Version=revision)[1]["result"]["contents"]
        assert read["mimeType"] == "image/png" and base64.b64decode(read["blob"]).startswith(b"\x89PNG")


def test_results_say_how_long_they_hold(served):
    raw = Raw(served.http)
    assert not raw(request("tools/call", {"name": "files_write", "arguments": {"session": "s", "path": "f", "content": "x"}}))[1]["result"]["isError"]
    for method, params, time in [("resources/list", {}, 0), ("resources/templates/list", {}, 300_000),
                                 ("resources/read", {"uri": "skerry://sessions/s/files/f"}, 0)]:
        message, headers = modern(method, params)
        result = raw(message, **headers)[1]["result"]
        assert (result["resultType"], result["ttlMs"], result["cacheScope"]) == ("complete", time, "private"), method
        assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "skerry"
        assert not {"resultType", "ttlMs", "cacheScope"} & set(raw(request(method, params))[1]["result"])
    message, headers = modern("resources/read", {"uri": "skerry://sessions/s/files/f"})
    assert raw(message, **{**headers, "Mcp_Name": "skerry://sessions/s/files/g"})[1]["error"]["code"] == -32020
    message, headers = modern("server/discover")
    assert raw(message, **headers)[1]["result"]["capabilities"] == {"tools": {}, "resources": {}}


@needs_suite
@pytest.mark.parametrize("scenario, revision", [("resources-list", "2025-11-25"), ("resources-list", "2026-07-28"),
                                                ("sep-2164-resource-not-found", "2026-07-28")])
def test_the_conformance_suite_passes_without_fixtures(served, scenario, revision, tmp_path):
    written = request("tools/call", {"name": "files_write", "arguments": {"session": "s", "path": "f", "content": "x"}})
    assert not Raw(served.http)(written)[1]["result"]["isError"]
    done = suite(served, tmp_path, "--scenario", scenario, "--spec-version", revision)
    assert done.returncode == 0 and "Passed: 0/" not in done.stdout and "Passed: " in done.stdout, done.stdout[-6000:]


def test_tenants_resources_do_not_meet(serve, skerry, own_home):
    keys = {tenant: skerry("keys", "create", tenant, *more, env={"SKERRY_HOME": str(own_home)}).ok().out.strip()
            for tenant, more in [("a", ()), ("b", ()), ("c", ("--tool", "calculator")), ("d", ("--runs-per-second", "1"))]}
    service = serve()

    def ask(tenant, method, **params):
        return Raw(service.http, Authorization=f"Bearer {keys[tenant]}")(request(method, params), MCP_Protocol_Version="2025-11-25")[1]

    def read(tenant, uri):
        return ask(tenant, "resources/read", uri=uri)

    def run(tenant, code, **more):
        return ask(tenant, "tools/call", name="run_python", arguments={"code": code, **more})["result"]

    run("a", "open('f', 'w').write('secret')", session="s")
    shown = run("a", f"{PICTURES}\ndisplay(Picture({LARGE}))")
    (image,) = [block["uri"] for block in shown["content"] if block["type"] == "resource_link"]
    uris = ["skerry://sessions/s/files/f", "skerry://sessions/s/log", image]
    assert {each["uri"] for each in ask("a", "resources/list")["result"]["resources"]} == set(uris[:2])
    assert ask("b", "resources/list")["result"]["resources"] == []
    for uri in uris:
        assert read("a", uri)["result"]["contents"][0]["uri"] == uri
        assert read("b", uri)["error"]["code"] == -32002, uri
    # The same name is another session, with files of its own.
    run("b", "open('f', 'w').write('other')", session="s")
    assert read("b", uris[0])["result"]["contents"][0]["text"] == "other"
    assert read("a", uris[0])["result"]["contents"][0]["text"] == "secret"
    assert read("b", image)["error"]["code"] == -32002
    # A key that may not run may read nothing, nor learn what there is.
    for answer in (ask("c", "resources/list"), *(read("c", uri) for uri in [*uris, "skerry://sessions/none/log"])):
        assert (answer["error"]["code"], answer["error"]["data"]) == (-32603, {"reason": "PERMISSION_DENIED"}), answer
        assert "python_executor" in answer["error"]["message"]
    # A list counts once against the rate, however many sessions it looks into; what exceeds it is refused, and says so.
    ask("d", "tools/call", name="files_write", arguments={"session": "s", "path": "f", "content": "x"})
    answers = [read("d", uris[0]) for _ in range(4)]
    refused = [each["error"] for each in answers if "error" in each]
    assert refused and all(each["data"] == {"reason": "RESOURCE_EXHAUSTED"} and "again after" in each["message"] for each in refused)
    for name in "tuvwxyz":
        assert not ask("d", "tools/call", name="session_fork", arguments={"session": "s", "name": name})["result"]["isError"]

    def files():
        return sum("/files/" in each["uri"] for each in ask("d", "resources/list").get("result", {"resources": []})["resources"])

    assert wait_until(lambda: files() == 8, 10)
