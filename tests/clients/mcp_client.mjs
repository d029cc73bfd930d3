// SPDX-License-Identifier: Apache-2.0
// Drives a service with the official TypeScript SDK of MCP; `test_mcp_typescript.py` starts it beside the SDK's packages. Arguments:
// the SDK's line (1 or 2) and the revision that it should agree on; then "http", a URL and keys of two tenants, or "stdio", a command
// and its arguments. It ends with 0, or with what was not as it should be.
import assert from "node:assert/strict";

const [, , line, revision, transport, ...where] = process.argv;
const sdk = line === "1"
  ? { ...await import("@modelcontextprotocol/sdk/client/index.js"), ...await import("@modelcontextprotocol/sdk/client/stdio.js"),
      ...await import("@modelcontextprotocol/sdk/client/streamableHttp.js") }
  : { ...await import("@modelcontextprotocol/client"), ...await import("@modelcontextprotocol/client/stdio") };

const transportOf = (key) => transport === "http"
  ? new sdk.StreamableHTTPClientTransport(new URL(where[0]), { requestInit: { headers: { Authorization: `Bearer ${key}` } } })
  : new sdk.StdioClientTransport({ command: where[0], args: where.slice(1), env: process.env });

async function connected(key) {
  const client = new sdk.Client({ name: "test", version: "1" }, line === "1" ? {} : { versionNegotiation: { mode: "auto" } });
  await client.connect(transportOf(key));
  return client;
}

const client = await connected(where[1]);
const call = (name, args = {}, options = {}, by = client) =>
  line === "1" ? by.callTool({ name, arguments: args }, undefined, options) : by.callTool({ name, arguments: args }, options);
const textsOf = (result) => result.content.filter((block) => block.type === "text").map((block) => block.text);
const well = async (name, args, options) => {
  const result = await call(name, args, options);
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  return result;
};

async function testTools() {
  // From here on the SDK checks each structured result against its tool's schema.
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((tool) => tool.name), ["run_python", "session_list", "session_log", "session_checkpoint", "session_rewind",
    "session_fork", "session_diff", "files_list", "files_read", "files_write"]);
  assert.ok(client.getServerCapabilities().tools && client.getServerCapabilities().resources && /run_python/.test(client.getInstructions()));
  assert.equal(client.getServerVersion().name, "skerry");

  const ran = await well("run_python", { code: "x = 41\nprint('hi')\nx + 1", session: "s" });
  assert.deepEqual([textsOf(ran), ran.structuredContent.result, ran.structuredContent.session.revision], [["hi\n", "42"], "42", 1]);
  assert.equal((await well("session_checkpoint", { session: "s", label: "first" })).structuredContent.label, "first");
  await well("session_fork", { session: "s", name: "t" });
  await well("run_python", { code: "x = 0; y = 1", session: "t" });
  const diff = (await well("session_diff", { session: "t", from: "1" })).structuredContent;
  assert.deepEqual([diff.added.map((each) => each.name), diff.changed.map((each) => each.name)], [["y"], ["x"]]);
  await well("session_rewind", { session: "t", revision: 1 });
  assert.deepEqual(textsOf(await well("run_python", { code: "x", session: "t" })), ["41"]);
  assert.deepEqual((await well("session_list")).structuredContent.sessions.map((each) => each.name).sort(), ["s", "t"]);
  assert.ok((await well("session_log", { session: "t" })).structuredContent.revisions.length > 1);
  await well("files_write", { session: "s", path: "d/in.txt", content: "héllo" });
  assert.equal((await well("files_read", { session: "s", path: "d/in.txt" })).structuredContent.content, "héllo");
  const { files } = (await well("files_list", { session: "s", recursive: true })).structuredContent;
  assert.deepEqual(files.filter((file) => file.type === "file").map((file) => [file.path, file.size]), [["d/in.txt", 6]]);

  const failed = await call("run_python", { code: "1/0" });
  assert.ok(failed.isError && failed.structuredContent.exception.type === "ZeroDivisionError" && /Traceback/.test(textsOf(failed)[0]));
  await assert.rejects(call("no_such_tool"), { code: -32602 });
}

async function testResources() {
  const { resources } = await client.listResources();
  assert.deepEqual(resources.map((each) => each.uri), ["skerry://sessions/s/log", "skerry://sessions/s/files/d/in.txt", "skerry://sessions/t/log"]);
  assert.deepEqual([resources[1].mimeType, resources[1].size], ["text/plain", 6]);
  const { resourceTemplates } = await client.listResourceTemplates();
  assert.ok(resourceTemplates.some((each) => each.uriTemplate === "skerry://sessions/{session}/files/{+path}"));
  const [text] = (await client.readResource({ uri: resources[1].uri })).contents;
  assert.deepEqual([text.uri, text.text, text.mimeType], [resources[1].uri, "héllo", "text/plain"]);
  const [log] = (await client.readResource({ uri: "skerry://sessions/s/log" })).contents;
  assert.deepEqual(JSON.parse(log.text), (await well("session_log", { session: "s" })).structuredContent);
  await well("run_python", { code: "open('n.bin', 'wb').write(bytes(range(256)))", session: "s" });
  const [binary] = (await client.readResource({ uri: "skerry://sessions/s/files/n.bin" })).contents;
  assert.deepEqual([...Buffer.from(binary.blob, "base64")], [...Array(256).keys()]);
  const missing = revision === "2026-07-28" ? -32602 : -32002;
  await assert.rejects(client.readResource({ uri: "skerry://sessions/s/files/none" }), { code: missing });

  const picture = "class Picture:\n    def _repr_png_(self): return b'\\x89PNG' + bytes(1 << 20)\ndisplay(Picture())";
  const link = (await well("run_python", { code: picture })).content.find((block) => block.type === "resource_link");
  const [image] = (await client.readResource({ uri: link.uri })).contents;
  assert.deepEqual([image.mimeType, Buffer.from(image.blob, "base64").length, link.size], ["image/png", (1 << 20) + 4, (1 << 20) + 4]);
}

async function testProgress() {
  const heard = [];
  const code = "import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.1)";
  const done = await well("run_python", { code }, { onprogress: ({ progress, message }) => heard.push([progress, message]) });
  assert.equal(done.structuredContent.stdout, "0\n1\n2\n");
  assert.equal(heard.map(([, message]) => message).join(""), "0\n1\n2\n");
  assert.deepEqual(heard.map(([progress]) => progress), heard.map(([progress]) => progress).sort((a, b) => a - b));
}

/** A call that is given up while it prints ends its run: its session is free long before the program would have ended. */
async function testCancellation() {
  const abort = new AbortController();
  const code = "import time\nprint('begun', flush=True)\ntime.sleep(25)";
  const given = call("run_python", { code, session: "s" }, { signal: abort.signal, onprogress: () => abort.abort("enough") });
  await assert.rejects(given, /enough/);
  const begun = Date.now();
  await well("run_python", { code: "1", session: "s" });
  assert.ok(Date.now() - begun < 10_000, "the run that was cancelled went on");
}

async function testTenants() {
  const other = await connected(where[2]);
  assert.deepEqual((await other.listResources()).resources, []);
  await assert.rejects(other.readResource({ uri: "skerry://sessions/s/files/d/in.txt" }), /not found/i);
  assert.deepEqual((await call("session_list", {}, {}, other)).structuredContent.sessions, []);
  await other.close();
}

await testTools();
await testResources();
await testProgress();
await testCancellation();
if (transport === "http") await testTenants();
if (line === "2") assert.equal(client.getNegotiatedProtocolVersion(), revision);
await client.close();
console.log("well");
