// SPDX-License-Identifier: Apache-2.0
import { Client, textOf, type Session, type SessionRunOptions } from "./index.js";

/** What of the AI SDK a tool is made with: `import * as ai from "ai"`. */
export interface AiSdk<Tool> {
  tool(definition: any): Tool;
  jsonSchema(schema: any): unknown;
}

const MOST = 20_000;

/** A tool of the AI SDK that runs Python in a session: `generateText({ tools: { run_python: skerryTool(ai) }, … })`. */
export function skerryTool<Tool>(ai: AiSdk<Tool>, options: SessionRunOptions & { client?: Client; session?: Session } = {}): Tool {
  const { client, session = (client ?? new Client()).session(), ...rest } = options;
  return ai.tool({
    description:
      "Run a Python program in a sandbox and read what it prints and the value of its last expression. Variables, imports and files stay from " +
      "one program to the next. numpy, pandas, scipy, scikit-learn and matplotlib are there; network, other programs and pip are not.",
    inputSchema: ai.jsonSchema({
      type: "object",
      properties: { code: { type: "string", description: "The program, in Python" } },
      required: ["code"],
      additionalProperties: false,
    }),
    execute: async ({ code }: { code: string }, call?: { abortSignal?: AbortSignal }) => {
      const signal = call?.abortSignal;
      return shown(textOf(await session.run(code, { ...rest, ...(signal ? { signal } : {}) })));
    },
  });
}

/** What a model reads: of long output both ends. */
function shown(text: string): string {
  if (text.length <= MOST) return text || "(the program printed nothing)";
  const half = MOST / 2;
  return `${text.slice(0, half)}\n[… ${text.length - MOST} characters left out …]\n${text.slice(-half)}`;
}
