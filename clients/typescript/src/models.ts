// SPDX-License-Identifier: Apache-2.0
// What crosses the wire, named as there. A newer service may send more.

/** What a run may be told beside its code. What is left out is as the service has it. */
export interface RunOptions {
  /** Goes on where this session stands; a new name makes one. */
  session?: string;
  /** The image to start from: `python-data` has numpy and pandas imported, `python` starts bare. */
  template?: string;
  stdin?: string;
  /** `sys.argv`, from its second on. */
  args?: string[];
  env?: Record<string, string>;
  /** Seconds after which the run is killed. */
  timeout?: number;
  /** MiB beside the template's. */
  memory?: number;
  /** Bytes kept of each stream. */
  max_output?: number;
  /** Makes all randomness follow from this number. */
  seed?: number;
  /** Answer when the session is safe from a power loss, too. */
  durable?: boolean;
  /** `process`: a process of its own; `tenant`: one of the tenant's. */
  isolation?: "tenant" | "process";
  /** Of a stream: what comes faster is joined. */
  output_events_per_second?: number;
  /** Files that the program finds, by path. */
  files?: Record<string, GivenFile>;
}

/** Text, bytes, or a file that the service keeps: what `Client.upload` gave, or one of a run's `files`. */
export type GivenFile = string | Uint8Array | { id: string | null };

export type SessionRunOptions = Omit<RunOptions, "session">;

export interface Frame {
  file: string;
  line: number;
  function: string;
  source: string;
}

/** What an exception was raised from, or while what was handled. */
export interface Cause {
  /** `cause`: it was given as such; `context`: it was being handled. */
  relation: string;
  type: string;
  message: string;
  frames: Frame[];
  notes: string[];
}

/** The exception that a program did not catch. */
export interface ExceptionInfo {
  type: string;
  message: string;
  /** Outermost first, at most 64. */
  frames: Frame[];
  /** What to do instead, where the cause is that this is a sandbox; else empty. */
  hint: string;
  /** That the program added to it. */
  notes: string[];
  /** The nearest first. */
  causes: Cause[];
}

/** The limit that ended a run. */
export interface Limit {
  name: string;
  value: number;
  unit: string;
  /** What raises it. */
  option: string;
}

/** A file or directory of a session. */
export interface FileInfo {
  path: string;
  is_directory: boolean;
  size: number;
  /** RFC 3339, in UTC. */
  modified: string;
  /** Its media type, as its name tells it; null for a directory. */
  type: string | null;
}

export interface Listing {
  files: FileInfo[];
  /** Whether there are more than are listed. */
  truncated: boolean;
}

/** What became of a run's session. */
export interface SessionState {
  name: string;
  /** Where the session stands now; 0 is the template. */
  revision: number;
  /** `committed`, `durable`, or `no`: this run is not that revision. */
  saved: string;
  message: string;
  notice: string;
  bytes: number;
}

export interface Usage {
  wall_ms: number;
  cpu_ms: number;
  peak_memory_bytes: number;
  dirty_pages: number;
  fuel: number | null;
  queue_ms: number;
}

export interface Limits {
  memory_bytes: number;
  wall_seconds: number;
  output_bytes: number;
  fuel: number | null;
  files_bytes: number;
  open_files: number;
  table_elements: number;
}

/** Something that a program showed, in one form or several. */
export interface Result {
  /** By media type; what is binary is base64. */
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  /** Whether it is the last expression's value, and not something shown on the way. */
  is_result: boolean;
  /** What is drawn, as numbers, where it is known. */
  chart?: Record<string, unknown>;
}

/** A file that a run made, changed or removed. */
export interface FileChange {
  path: string;
  /** `created`, `modified` or `deleted`. */
  change: string;
  size: number;
  /** Its media type; null when it was deleted. */
  type: string | null;
  sha256: string | null;
  /** With which the service has its content for a time, for `Client.download` and for other runs; null when it is not kept. */
  id: string | null;
  /** Why it is not kept; else empty. */
  message: string;
}

/** A file that the service keeps for a time, for runs and for `Client.download`. */
export interface StoredFile {
  id: string;
  sha256: string;
  size: number;
  /** RFC 3339, in UTC: when it goes unless it is used. */
  expires: string;
}

export interface StoredFiles {
  files: StoredFile[];
  /** Bytes of all, of a quota that may not be exceeded. */
  used: number;
  quota: number;
  /** What `after` is for the next page; null: there is none. */
  next: string | null;
}

/** How a run went. */
export interface Run {
  /** `completed`, `failed`, `trapped`, `deadline`, `out_of_memory`, `out_of_fuel`, `cancelled` or `crashed`. */
  outcome: string;
  exit_code: number;
  /** One line: why it did not complete; empty when it did. */
  message: string;
  stdout: string;
  stderr: string;
  /** The streams that were cut. */
  truncated: string[];
  /** `repr` of the last expression's value; null for none, and for `None`. */
  result: string | null;
  exception: ExceptionInfo | null;
  limit: Limit | null;
  session: SessionState | null;
  usage: Usage | null;
  limits: Limits | null;
  /** What the program showed, in order; empty where the service does not tell. */
  results: Result[];
  /** Files that it left; empty where the service does not tell. */
  files: FileChange[];
  /** Whether it left more files than these. */
  files_truncated: boolean;
}

export interface SessionInfo {
  name: string;
  template: string;
  /** The revision that the next run goes on from. */
  head: number;
  revisions: number;
  runs: number;
  bytes: number;
  created_unix_ns: number;
  used_unix_ns: number;
}

/** A state of a session that can be gone back to. */
export interface Revision {
  revision: number;
  parent: number | null;
  /** Whether the next run goes on from it. */
  head: boolean;
  created_unix_ns: number;
  first_line: string;
  outcome: string;
  label: string;
  bytes: number;
  pages: number;
  durable: boolean;
}

export interface Checkpoint extends Revision {
  replaced_label: string | null;
  label_taken_from: number | null;
}

export interface SessionLog {
  /** Oldest first. */
  revisions: Revision[];
  /** What else happened, as an eviction or a rewind. */
  events: { at_unix_ns: number; text: string }[];
}

export interface Variable {
  name: string;
  type: string;
  /** Its `repr`, at most 200 characters. */
  value: string;
}

export interface Diff {
  added: Variable[];
  changed: Variable[];
  removed: Variable[];
}

export interface Health {
  /** `healthy`, or what is wrong. */
  status: string;
  service: string;
  timestamp: number;
}

/** Something that a run tells while it lasts; the last is `outcome`. A newer service may send names that are not here. */
export type RunEvent =
  | { event: "started" }
  | { event: "warning" | "stdout" | "stderr"; text: string }
  | { event: "display"; result: Result }
  | { event: "outcome"; run: Run };
