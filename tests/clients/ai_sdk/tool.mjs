// SPDX-License-Identifier: Apache-2.0
// The tool with the AI SDK itself and its own model for tests. Arguments: the package's folder, the service's URL.
import assert from "node:assert/strict";
import * as ai from "ai";
import * as mocks from "ai/test";

const [, , dist, url] = process.argv;
const { Client } = await import(`${dist}/index.js`);
const { skerryTool } = await import(`${dist}/ai.js`);
const Model = Object.entries(mocks).filter(([name]) => /^MockLanguageModelV\d+$/.test(name)).sort().at(-1)[1];

const codes = ["x = 6\nprint('six')", "x * 7"];
const heard = [];
const usage = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };
const model = new Model({
  doGenerate: async ({ prompt, tools }) => {
    assert.equal(tools[0].name, "run_python");
    assert.deepEqual(Object.keys(tools[0].inputSchema.properties), ["code"]);
    heard.push(JSON.stringify(prompt.at(-1)));
    const code = codes[heard.length - 1];
    const content = code ? [{ type: "tool-call", toolCallId: String(heard.length), toolName: "run_python", input: JSON.stringify({ code }) }] : [{ type: "text", text: "It is 42." }];
    return { content, finishReason: { unified: code ? "tool-calls" : "stop", raw: undefined }, usage, warnings: [] };
  },
});
const told = await ai.generateText({ model, prompt: "What is it?", tools: { run_python: skerryTool(ai, { client: new Client({ baseUrl: url }) }) }, stopWhen: ai.stepCountIs?.(5) ?? ai.isStepCount(5) });
assert.equal(told.text, "It is 42.");
assert.match(heard[1], /"six"/);
assert.match(heard[2], /"42"/);
console.log("well");
