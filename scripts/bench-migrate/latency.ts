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

export function latencyOf(
  waitsMs: readonly number[],
  seconds: number,
  ownDelayMs: number,
): Latency {
  const sorted = Float64Array.from(waitsMs).sort();
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
