import type { Command } from 'ioredis';
import { isPipeline, type WriteableStream } from './pipeline-stream.js';

/** Commands that go together: one, or all of a pipeline. */
export interface CommandBatch {
  readonly commands: Command[];
  readonly stream: WriteableStream | undefined;
  readonly deadline: number;
}

/** Commands for which there is no proxy at the moment, in order. None of them has been sent. */
export class WaitingCommands {
  readonly #deadlineMs: number;
  readonly #onLate: (batch: CommandBatch) => void;
  #batches: CommandBatch[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param onLate called with what has waited for `deadlineMs`; it is not kept any longer */
  constructor(deadlineMs: number, onLate: (batch: CommandBatch) => void) {
    this.#deadlineMs = deadlineMs;
    this.#onLate = onLate;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  add(command: Command, stream: WriteableStream | undefined): void {
    const last = this.#batches.at(-1);
    if (isPipeline(stream) && last?.stream === stream) {
      last.commands.push(command);
      return;
    }
    const deadline = performance.now() + this.#deadlineMs;
    this.#batches.push({ commands: [command], stream, deadline });
    this.#timer ??= setTimeout(() => this.#dropLate(), this.#deadlineMs);
  }

  /** All of them, in order; none is kept. */
  take(): CommandBatch[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }

  #dropLate(): void {
    this.#timer = undefined;
    const now = performance.now();
    // A timer may come a fraction of a millisecond before its time.
    const firstInTime = this.#batches.findIndex(({ deadline }) => deadline > now + 1);
    const late = this.#batches.splice(0, firstInTime < 0 ? this.#batches.length : firstInTime);
    const [first] = this.#batches;
    if (first) this.#timer = setTimeout(() => this.#dropLate(), first.deadline - now);
    for (const batch of late) this.#onLate(batch);
  }
}
