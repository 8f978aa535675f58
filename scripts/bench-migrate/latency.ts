const CHUNK_WAITS = 64 * 1024;

/** What clients waited, in milliseconds. */
export interface Latency {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /**
   * How late the client itself came to send, at worst: a thread that was ready and had to wait for
   * a processor. Whatever else is measured has waited like that, too.
   */
  readonly ownDelayMs: number;
}

/**
 * What each operation waited, in milliseconds. Millions of them, in memory that neither has to be moved
 * when it grows nor is looked at by the collector: a client must not measure its own pauses.
 */
export class Waits {
  readonly #chunks: Float64Array[] = [];
  #used = CHUNK_WAITS;

  add(ms: number): void {
    if (this.#used === CHUNK_WAITS) {
      this.#chunks.push(new Float64Array(CHUNK_WAITS));
      this.#used = 0;
    }
    this.#chunks.at(-1)![this.#used++] = ms;
  }

  /** From the shortest to the longest. */
  sorted(): Float64Array {
    const all = new Float64Array(this.#chunks.length * CHUNK_WAITS);
    for (const [index, chunk] of this.#chunks.entries()) all.set(chunk, index * CHUNK_WAITS);
    return all.subarray(0, all.length - (CHUNK_WAITS - this.#used)).sort();
  }
}

export function latencyOf(waits: Waits, seconds: number, ownDelayMs: number): Latency {
  const sorted = waits.sorted();
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return {
    operations: sorted.length,
    perSecond: sorted.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
    ownDelayMs,
  };
}
