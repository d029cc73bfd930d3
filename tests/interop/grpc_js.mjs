// SPDX-License-Identifier: Apache-2.0
// node grpc_js.mjs ADDRESS [KEY]: calls the service as a program that uses @grpc/grpc-js would; prints what came of it as JSON.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// The packages lie where `make test-clients` put them.
const require = createRequire(join(process.env.SKERRY_TEST_MODULES, "package.json"));
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [address, key] = process.argv.slice(2);
const protos = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "proto");
const definition = loader.loadSync(["shannon/agent.proto", "skerry/v1/skerry.proto"], {
  includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true,
});
const { shannon, skerry } = grpc.loadPackageDefinition(definition);
const open = (Service) => new Service(address, grpc.credentials.createInsecure(), {
  "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1,
});
const metadata = new grpc.Metadata();
if (key) metadata.set("x-api-key", key);

const unary = (client, method, request, options = {}) => new Promise((resolve) => {
  client[method](request, metadata, options, (error, response) => resolve(error ? { code: error.code, details: error.details } : response));
});
const streamed = (client, method, request, stopAfter = Infinity) => new Promise((resolve) => {
  const events = [];
  const call = client[method](request, metadata);
  call.on("data", (event) => { events.push(event); if (events.length === stopAfter) call.cancel(); });
  call.on("error", (error) => resolve({ events, code: error.code }));
  call.on("end", () => resolve({ events, code: 0 }));
});
const python = (code) => ({ tool_name: "python_executor", parameters: { fields: { code: { stringValue: code } } } });

const agent = open(shannon.agent.AgentService);
const runs = open(skerry.v1.Skerry);
const health = await unary(agent, "HealthCheck", {});
const printed = await unary(agent, "ExecuteTool", python("print(6 * 7)"));
const many = await Promise.all(Array.from({ length: 20 }, (_, i) => unary(agent, "ExecuteTool", python(`print(${i})`))));
const large = await unary(agent, "ExecuteTool", python(`print(len(${JSON.stringify("x".repeat(3_000_000))}))`));
const late = await unary(agent, "ExecuteTool", python("while True: pass"), { deadline: Date.now() + 500 });
const run = await streamed(runs, "Run", { code: "for i in range(3): print(i, flush=True)" });
const stopped = await streamed(runs, "Run", { code: "print('begun', flush=True)\nwhile True: pass" }, 2);
agent.close();
runs.close();
console.log(JSON.stringify({ health, printed, many, large, late, run, stopped }));
