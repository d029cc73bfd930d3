// SPDX-License-Identifier: Apache-2.0
import type { Result, Run, RunEvent } from "./models.js";

type Told = Record<string, unknown>;

/** Name and data of each event of a stream. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<[string, Told]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const looked = Math.max(0, text.length - 1);
      text += decoder.decode(value, { stream: true });
      if (text.indexOf("\n\n", looked) < 0) continue;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
        const name = fields.get("event");
        if (name) yield [name, JSON.parse(fields.get("data") ?? "{}") as Told];
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // who leaves early ends the run
  }
}

/** Gathers what a run printed and showed for its `Run`. */
export class Gathered {
  private readonly printed = { stdout: [] as string[], stderr: [] as string[] };
  private readonly shown: Result[] = [];

  /** The event as clients get it; undefined for one that is not known. */
  take(name: string, data: Told): RunEvent | undefined {
    switch (name) {
      case "started":
        return { event: name };
      case "stdout":
      case "stderr":
        this.printed[name].push(String(data["text"]));
        return { event: name, text: String(data["text"]) };
      case "warning":
        return { event: name, text: String(data["text"]) };
      case "display":
        this.shown.push(data as unknown as Result);
        return { event: name, result: data as unknown as Result };
      case "outcome":
        return { event: name, run: this.run(data) };
      default:
        return undefined;
    }
  }

  run(data: Told): Run {
    const { results } = data as { results?: Result[] };
    return runOf({
      ...data,
      stdout: this.printed.stdout.join(""),
      stderr: this.printed.stderr.join(""),
      results: results?.length ? results : this.shown,
    });
  }
}

/** A run as the service tells it, with what older ones leave out. */
export function runOf(told: Told): Run {
  return { results: [], files: [], files_truncated: false, ...told } as unknown as Run;
}
