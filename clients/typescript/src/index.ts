// SPDX-License-Identifier: Apache-2.0
import { ConnectionError, ServiceError, SkerryError } from "./errors.js";
import { eventsOf, Gathered, runOf } from "./events.js";
import type {
  Checkpoint, Diff, GivenFile, Health, Listing, Revision, Run, RunEvent, RunOptions, SessionInfo, SessionLog, SessionRunOptions, StoredFile, StoredFiles,
} from "./models.js";

export * from "./errors.js";
export type * from "./models.js";

export interface ClientOptions {
  /** Where the service is; else SKERRY_URL, or http://127.0.0.1:8000. */
  baseUrl?: string;
  /** Else SKERRY_KEY. */
  key?: string;
  /** In place of the runtime's own. */
  fetch?: typeof fetch;
}

/** Ends what is under way: a run, too. */
export interface Abortable {
  signal?: AbortSignal;
}

const HINTS: Record<number, string> = {
  401: "give new Client({ key }), or set SKERRY_KEY; `skerry keys create TENANT` on the service's machine makes a key",
};

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}

function newName(): string {
  return `js-${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

function pathOf(session: string, rest = ""): string {
  return `/v1/sessions/${encodeURIComponent(session)}${rest}`;
}

function fileOf(session: string, path: string): string {
  return pathOf(session, `/files/${path.split("/").map(encodeURIComponent).join("/")}`);
}

function queryOf(values: Record<string, string | number | boolean | undefined>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** A Skerry service. */
export class Client {
  readonly baseUrl: string;
  private readonly headers: Record<string, string>;
  private readonly fetch: typeof fetch;

  constructor(options: ClientOptions = {}) {
    this.baseUrl = (options.baseUrl ?? environment("SKERRY_URL") ?? "http://127.0.0.1:8000").replace(/\/+$/, "");
    const key = options.key ?? environment("SKERRY_KEY");
    this.headers = key ? { "X-API-Key": key } : {};
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** Runs a program to its end. */
  async run(code: string, options: RunOptions & Abortable = {}): Promise<Run> {
    return runOf(await this.post("/v1/run", ...bodyOf(code, options)));
  }

  /** Runs a program and tells its events while it lasts, from when they are first asked for. To leave early ends the run. */
  stream(code: string, options: RunOptions & Abortable = {}): RunStream {
    const [body, signal] = bodyOf(code, options);
    return new RunStream(() => this.send("POST", "/v1/run", JSON.stringify(body), { "Content-Type": "application/json", Accept: "text/event-stream" }, signal));
  }

  /** A session by name; it begins with its first run. Without a name it is a new one. */
  session(name: string = newName()): Session {
    return new Session(this, name);
  }

  /** All of this key's tenant, last used first. */
  async sessions(): Promise<SessionInfo[]> {
    return (await this.get<{ sessions: SessionInfo[] }>("/v1/sessions")).sessions;
  }

  /** Forgets all of this key's tenant: how many there were. */
  async deleteSessions(): Promise<number> {
    return (await this.json<{ cleared: number }>(this.send("DELETE", "/v1/sessions?all=true"))).cleared;
  }

  /** A new session of what `Session.export` gave, on any service. */
  async importSession(name: string, data: Blob | Uint8Array<ArrayBuffer>): Promise<Session> {
    await this.json<Revision>(this.send("POST", pathOf(name, "/import"), data, { "Content-Type": "application/octet-stream" }));
    return new Session(this, name);
  }

  /** Keeps a file for runs: give it to them in `files`. What is sent twice is kept once. */
  upload(data: BodyInit): Promise<StoredFile> {
    return this.json(this.send("POST", "/v1/files", data, { "Content-Type": "application/octet-stream" }, undefined, [201]));
  }

  /** The content of a file that the service keeps: an upload, one that a run left, or the id of either. */
  async download(file: string | { id: string | null }): Promise<Blob> {
    const response = await this.send("GET", keptOf(file));
    return response.blob().catch((error: unknown) => Promise.reject(failed(error, "the answer broke off")));
  }

  /** What the service keeps of this key's tenant, a thousand at a time: pass the `next` of one page as `after` for the next. */
  uploads(after?: string): Promise<StoredFiles> {
    return this.get(`/v1/files${queryOf({ after })}`);
  }

  /** Removes a file before its time. */
  async removeUpload(file: string | { id: string | null }): Promise<void> {
    await this.send("DELETE", keptOf(file), undefined, {}, undefined, [204]);
  }

  /** Whether it can run something; what is wrong is in `status`, and nothing is thrown. */
  async health(): Promise<Health> {
    return this.json<Health>(this.send("GET", "/health", undefined, {}, undefined, [200, 503]));
  }

  async version(): Promise<string> {
    return (await this.get<{ info: { version: string } }>("/openapi.json")).info.version;
  }

  // For sessions and streams.

  /** @internal */
  get<T>(path: string): Promise<T> {
    return this.json<T>(this.send("GET", path));
  }

  /** @internal */
  post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.json<T>(this.send("POST", path, JSON.stringify(body), { "Content-Type": "application/json" }, signal));
  }

  /** @internal */
  async json<T>(answer: Promise<Response>): Promise<T> {
    const response = await answer;
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw failed(error, "the answer broke off, or is no JSON");
    }
  }

  /** @internal An answer of a good status; else throws. */
  async send(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}, signal?: AbortSignal, good = [200]): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetch(this.baseUrl + path, { method, body: body ?? null, headers: { ...this.headers, ...headers }, redirect: "error", signal: signal ?? null });
    } catch (error) {
      throw failed(error, `no service answers at ${this.baseUrl}`);
    }
    if (!good.includes(response.status)) throw await errorOf(response);
    return response;
  }
}

/** Whoever aborts gets what they aborted with; else a ConnectionError. */
function failed(error: unknown, words: string): unknown {
  if (error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError")) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return new ConnectionError(words + cause, { cause: error });
}

async function errorOf(response: Response): Promise<SkerryError> {
  const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const after = response.headers.get("Retry-After");
  return new ServiceError(response.status, String(told["error"] ?? told["status"] ?? `HTTP ${response.status}`),
    String(told["hint"] ?? HINTS[response.status] ?? ""), after && /^\d+$/.test(after) ? Number(after) : null,
    response.headers.get("X-Request-ID") ?? "", "outcome" in told ? runOf(told) : null);
}

function bodyOf(code: string, options: RunOptions & Abortable): [object, AbortSignal | undefined] {
  const { signal, files, ...rest } = options;
  const given = files && Object.fromEntries(Object.entries(files).map(([path, file]) => [path, givenOf(path, file)]));
  return [{ code, ...rest, ...(given && { files: given }) }, signal];
}

function givenOf(path: string, file: GivenFile): object {
  if (typeof file === "string") return { text: file };
  if (file instanceof Uint8Array) return { base64: base64Of(file) };
  if (!file.id) throw new SkerryError(`${path}: the service does not keep that file`);
  return { id: file.id };
}

function base64Of(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 32768) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  return btoa(pieces.join(""));
}

function keptOf(file: string | { id: string | null }): string {
  const id = typeof file === "string" ? file : file.id;
  if (!id) throw new SkerryError("the service does not keep that file");
  return `/v1/files/${encodeURIComponent(id)}`;
}

/** Events of a run: to be read once, with `for await`, or by `finish`. */
export class RunStream implements AsyncIterable<RunEvent> {
  private events: AsyncGenerator<RunEvent> | undefined;
  private last: Run | undefined;

  constructor(private readonly open: () => Promise<Response>) {}

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent> {
    return (this.events ??= this.read());
  }

  /** Reads what is left of the events: how the run went. Throws SkerryError if it was left before. */
  async finish(): Promise<Run> {
    for await (const _ of this);
    if (!this.last) throw new SkerryError("the stream was left before the run had ended");
    return this.last;
  }

  private async *read(): AsyncGenerator<RunEvent> {
    const gathered = new Gathered();
    const { body } = await this.open();
    if (!body) throw new ConnectionError("the answer has no events");
    try {
      for await (const [name, data] of eventsOf(body)) {
        if (name === "error" || (name === "outcome" && "error" in data)) {
          throw new ServiceError(Number(data["status"] ?? 500), String(data["error"]), "", null, "", name === "outcome" ? gathered.run(data) : null);
        }
        const event = gathered.take(name, data);
        if (event?.event === "outcome") this.last = event.run;
        if (event) yield event;
      }
    } catch (error) {
      throw error instanceof SkerryError ? error : failed(error, "the service closed the connection before the run had ended");
    }
    if (!this.last) throw new ConnectionError("the service closed the connection before the run had ended");
  }
}

/** An interpreter that stays between runs, and whose states can be gone back to. */
export class Session {
  constructor(
    readonly client: Client,
    readonly name: string,
  ) {}

  /** Runs a program where the session stands. One that completes or fails is a new revision. */
  run(code: string, options: SessionRunOptions & Abortable = {}): Promise<Run> {
    return this.client.run(code, { ...options, session: this.name });
  }

  stream(code: string, options: SessionRunOptions & Abortable = {}): RunStream {
    return this.client.stream(code, { ...options, session: this.name });
  }

  info(): Promise<SessionInfo> {
    return this.client.get(pathOf(this.name));
  }

  /** Its revisions, and what else happened to it. */
  log(): Promise<SessionLog> {
    return this.client.get(pathOf(this.name, "/log"));
  }

  /** Gives the revision where it stands a label (without one, the time), and keeps it. */
  checkpoint(label?: string): Promise<Checkpoint> {
    return this.client.post(pathOf(this.name, "/checkpoint"), label === undefined ? {} : { label });
  }

  /** Goes back to a revision, by number or label; 0 is the template. Later ones stay. */
  rewind(revision: number | string): Promise<Revision> {
    return this.client.post(pathOf(this.name, "/rewind"), { revision });
  }

  /** A second session that starts where this one stands. */
  async fork(name: string = newName()): Promise<Session> {
    return new Session(this.client, (await this.client.post<SessionInfo>(pathOf(this.name, "/fork"), { name })).name);
  }

  /** Variables added, changed and removed from one revision to another, or to where it stands. */
  diff(from: number | string, to?: number | string): Promise<Diff> {
    return this.client.get(pathOf(this.name, `/diff${queryOf({ from, to })}`));
  }

  /** A revision with all that another machine needs to go on from it. */
  async export(revision?: number | string): Promise<Blob> {
    const response = await this.client.send("GET", pathOf(this.name, `/export${queryOf({ revision })}`));
    return response.blob().catch((error: unknown) => Promise.reject(failed(error, "the answer broke off")));
  }

  /** What is in a directory, by default the one in which programs begin. */
  files(path?: string, recursive = false): Promise<Listing> {
    return this.client.get(pathOf(this.name, `/files${queryOf({ path, recursive: recursive || undefined })}`));
  }

  /** A file's content, up to 64 MiB. */
  async readFile(path: string): Promise<Blob> {
    const response = await this.client.send("GET", fileOf(this.name, path));
    return response.blob().catch((error: unknown) => Promise.reject(failed(error, "the answer broke off")));
  }

  /** Writes a file, up to 64 MiB, and makes the directories on the way. */
  async writeFile(path: string, data: BodyInit): Promise<void> {
    await this.client.send("PUT", fileOf(this.name, path), data, { "Content-Type": "application/octet-stream" });
  }

  /** Moves a file or directory, and makes the directories on the way; a file that is there already is replaced. */
  async moveFile(from: string, to: string): Promise<void> {
    await this.client.post(pathOf(this.name, "/move"), { from, to });
  }

  /** A directory with all that is in it, by default all files, as a tar archive of up to 64 MiB. */
  async archive(path?: string): Promise<Blob> {
    const response = await this.client.send("GET", pathOf(this.name, `/archive${queryOf({ path })}`));
    return response.blob().catch((error: unknown) => Promise.reject(failed(error, "the answer broke off")));
  }

  /** Unpacks a tar archive into a directory: all of it, or nothing. */
  async unpack(data: BodyInit, path?: string): Promise<void> {
    await this.client.send("PUT", pathOf(this.name, `/archive${queryOf({ path })}`), data, { "Content-Type": "application/octet-stream" });
  }

  /** Removes a file; with `recursive` a directory and all in it. One that is not there is well. */
  async removeFile(path: string, recursive = false): Promise<void> {
    await this.client.send("DELETE", fileOf(this.name, path) + queryOf({ recursive: recursive || undefined }), undefined, {}, undefined, [204]);
  }

  /** Forgets it: whether it was there. */
  async delete(): Promise<boolean> {
    return (await this.client.send("DELETE", pathOf(this.name), undefined, {}, undefined, [200, 404])).ok;
  }
}
