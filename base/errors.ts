/**
 * An error whose message is meant for the person at the terminal or in front of the dashboard:
 * one line that says what is wrong, and a hint that says what to do. Anything else that reaches a
 * `main` is a fault of ours and is shown with its stack.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
  /** What to do about it, one line; empty if the message says it all. */
  readonly hint: string;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint ?? '';
  }
}

/** An awaited answer did not come within its deadline. The outcome of the request is unknown. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
