interface Mark {
  readonly atMs: number;
  readonly offset: number;
}

/**
 * How far a master's replication stream was, and when: tells of a replica for how long it has missed
 * something. Times are those of performance.now().
 */
export class StreamHistory {
  readonly #keptMs: number;
  #replicationId = '';
  #heardMs = Number.NEGATIVE_INFINITY;
  /** Ascending, each further than the one before. */
  #marks: Mark[] = [];

  /** @param keptMs lags beyond it are told as such, not how large they are */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** The master has just said where its stream is; with another id it is another stream. */
  note(replicationId: string, offset: number, nowMs: number): void {
    const last = this.#marks.at(-1);
    if (replicationId !== this.#replicationId || (last !== undefined && offset < last.offset)) {
      this.#replicationId = replicationId;
      this.#marks = [];
    }
    this.#heardMs = nowMs;
    if (this.#marks.at(-1)?.offset === offset) return;
    this.#marks.push({ atMs: nowMs, offset });
    // One that is older than all that count says that those who have it lack nothing older.
    while (this.#marks.length > 1 && nowMs - this.#marks[1]!.atMs > this.#keptMs) {
      this.#marks.shift();
    }
  }

  /**
   * For how many milliseconds a replica that is at this offset may have missed something: at least as
   * long as nothing was heard from the master. Null: it does not follow this stream.
   */
  lagMs(replicationId: string, offset: number, nowMs: number): number | null {
    if (replicationId !== this.#replicationId || replicationId === '') return null;
    const missed = this.#marks.find((mark) => mark.offset > offset);
    const since = missed === undefined ? this.#heardMs : Math.min(missed.atMs, this.#heardMs);
    return Math.max(0, nowMs - since);
  }
}
