// SPDX-License-Identifier: Apache-2.0
import type { Run } from "./models.js";

/** Something kept the client from its answer. What a program does wrong is none: see `check`. */
export class SkerryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nobody answers there, or not any more. Whether a run that was sent has run is not known. */
export class ConnectionError extends SkerryError {}

/** The service refused, in its own words. */
export class ServiceError extends SkerryError {
  constructor(
    readonly status: number,
    message: string,
    /** What to do about it; else empty. */
    readonly hint: string = "",
    /** Seconds after which the service asks to be asked again. */
    readonly retryAfter: number | null = null,
    /** Under which the service's audit log has the request. */
    readonly requestId: string = "",
    /** The run, where it was done and its session could not be saved. */
    readonly run: Run | null = null,
  ) {
    super(message);
  }
}

/** A program did not complete; its message is the program's traceback, or why it was stopped. */
export class RunFailed extends SkerryError {
  constructor(readonly run: Run) {
    super(run.exception && run.stderr ? run.stderr.trimEnd() : `${run.outcome}: ${run.message || `exit code ${run.exit_code}`}`);
  }
}

/** The run itself, if its program completed; else throws `RunFailed`. */
export function check(run: Run): Run {
  if (run.outcome !== "completed") throw new RunFailed(run);
  return run;
}

/** All there is to read of a run, for a person or a model. */
export function textOf(run: Run): string {
  const why = run.outcome !== "completed" && !run.exception ? new RunFailed(run).message : "";
  return [run.session?.notice ?? "", run.stdout, run.stderr, why, run.session?.message ?? "", run.result ?? ""]
    .filter(Boolean)
    .map((part) => part.trimEnd())
    .join("\n");
}
