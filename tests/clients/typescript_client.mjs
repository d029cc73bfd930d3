// SPDX-License-Identifier: Apache-2.0
// Drives a service with the compiled client; `test_typescript_client.py` starts both. Arguments: the package's index.js, the service's
// URL, keys of two tenants. It ends with 0, or with what was not as it should be.
import assert from "node:assert/strict";

const [, , index, url, ...keys] = process.argv;
const { Client, ConnectionError, RunFailed, ServiceError, SkerryError, check, textOf } = await import(index);
const [client, other] = keys.map((key) => new Client({ baseUrl: `${url}/`, key }));

const run = await client.run("import sys, os\nprint(sys.argv, os.environ['K'], input())\n6 * 7", { args: ["a"], env: { K: "ü" }, stdin: "line\n", timeout: 20, seed: 1 });
assert.deepEqual([run.stdout, run.result, run.outcome, run.results, run.files],
  ["['-c', 'a'] ü line\n", "42", "completed", [{ data: { "text/plain": "42" }, metadata: {}, is_result: true }], []]);
assert.equal(check(run), run);
assert.equal(textOf(run), "['-c', 'a'] ü line\n42");

const failure = await client.run("1/0");
assert.throws(() => check(failure), (error) => error instanceof RunFailed && /Traceback[^]*ZeroDivisionError/.test(error.message) && error.run === failure);
assert.match(textOf(await client.run("while True: pass", { timeout: 0.2 })), /deadline/);
await assert.rejects(client.run("1", { memory: 5000 }), (error) => error instanceof ServiceError && error.status === 400 && /at most 1024/.test(error.message) && error.requestId !== "");
await assert.rejects(client.run("1", { tiemout: 1 }), /Unknown parameters for run: tiemout/);
await assert.rejects(new Client({ baseUrl: url }).run("1"), (error) => error.status === 401 && /SKERRY_KEY/.test(error.hint));
await assert.rejects(new Client({ baseUrl: "http://127.0.0.1:1" }).run("1"), (error) => error instanceof ConnectionError && error instanceof SkerryError && error.name === "ConnectionError");

const seen = [];
const stream = client.stream("import sys\nprint('é', flush=True)\nprint('b', file=sys.stderr)\n7");
for await (const event of stream) seen.push([event.event, event.text]);
assert.deepEqual(seen, [["started", undefined], ["stdout", "é\n"], ["stderr", "b\n"], ["display", undefined], ["outcome", undefined]]);
const streamed = await stream.finish();
assert.deepEqual([streamed.stdout, streamed.stderr, streamed.result], ["é\n", "b\n", "7"]);
const left = client.stream("while True: print('x' * 1000)");
for await (const event of left) if (event.event === "stdout") break;
await assert.rejects(left.finish(), /left before/);
assert.equal((await client.stream("print('é' * 300_000)").finish()).stdout.length, 300_001);
await assert.rejects(client.stream("1", { timeout: 0 }).finish(), (error) => error.status === 400);
await assert.rejects(client.run("import time; time.sleep(20)", { signal: AbortSignal.timeout(200) }), { name: "TimeoutError" });

const kept = await client.upload("kept");
const filed = await client.run("open('out.bin', 'wb').write(b''.join(open(n, 'rb').read() for n in ('text', 'bytes', 'id')))",
  { files: { text: "ü", bytes: new Uint8Array([255, 0]), id: kept } });
assert.deepEqual(filed.files.map((file) => [file.path, file.change, file.size]), [["out.bin", "created", 8]]);
assert.deepEqual([...new Uint8Array(await (await client.download(filed.files[0])).arrayBuffer())], [...new TextEncoder().encode("ü"), 255, 0, ...new TextEncoder().encode("kept")]);
await assert.rejects(other.download(kept), (error) => error.status === 404);
assert.deepEqual((await client.uploads()).files.map((file) => file.id).sort(), [kept.id, filed.files[0].id].sort());
await client.removeUpload(kept.id);
await assert.rejects(client.download(kept), (error) => error.status === 404);

const session = client.session("work");
await session.run("x = 1", { template: "python" });
assert.equal((await session.checkpoint("good")).label, "good");
await session.run("x = 2; y = 3");
const fork = await session.fork();
const diff = await session.diff("good");
assert.deepEqual([diff.changed.map((v) => v.value), diff.added.map((v) => v.name)], [["2"], ["y"]]);
assert.equal((await session.rewind("good")).revision, 1);
assert.deepEqual([(await session.run("x")).result, (await fork.run("x")).result], ["1", "2"]);
assert.deepEqual((await session.log()).revisions.map((r) => r.revision), [1, 2, 3]);
assert.equal((await session.info()).head, 3);
const copy = await client.importSession("copy", await session.export(1));
assert.equal((await copy.stream("x").finish()).result, "1");
await session.writeFile("d/ü 1.txt", "text");
assert.equal((await session.run("open('d/ü 1.txt').read()")).result, "'text'");
assert.equal(await (await session.readFile("d/ü 1.txt")).text(), "text");
assert.deepEqual((await session.files("d")).files.map((file) => [file.path, file.type]), [["d/ü 1.txt", "text/plain"]]);
await session.moveFile("d/ü 1.txt", "e/moved.txt");
await session.unpack(await session.archive("e"), "d");
assert.equal(await (await session.readFile("d/moved.txt")).text(), "text");
await session.removeFile("d", true);
await assert.rejects(session.readFile("d/ü 1.txt"), (error) => error.status === 404);
await assert.rejects(other.session("work").info(), (error) => error.status === 404);
assert.deepEqual([await fork.delete(), await fork.delete(), (await client.sessions()).length, await client.deleteSessions()], [true, false, 2, 2]);
assert.equal((await client.health()).status, "healthy");
assert.match(await client.version(), /^\d+\.\d+\.\d+$/);
console.log("well");
