import type { LatencyCounts } from './metrics-text.js';

/** How many commands took how long between two looks: counts by bucket, not cumulative. */
export interface LatencySpread {
  readonly boundsUs: readonly number[];
  readonly counts: readonly number[];
}

export interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
}

/** What came between two looks; null if the later one is of another life of the proxy. */
export function spreadBetween(before: LatencyCounts, after: LatencyCounts): LatencySpread | null {
  const { boundsUs, cumulative } = after;
  if (before.cumulative.length !== cumulative.length) return null;
  const grown = cumulative.map((count, index) => count - before.cumulative[index]!);
  const counts = grown.map((count, index) => count - (grown[index - 1] ?? 0));
  return counts.every((count) => count >= 0) ? { boundsUs, counts } : null;
}

/** Of several proxies together; those with other buckets than the first are left out. */
export function sumSpreads(spreads: readonly LatencySpread[]): LatencySpread | null {
  const [first, ...others] = spreads;
  if (!first) return null;
  const counts = [...first.counts];
  for (const { counts: more } of others) {
    if (more.length !== counts.length) continue;
    for (const [index, count] of more.entries()) counts[index]! += count;
  }
  return { boundsUs: first.boundsUs, counts };
}

/** In microseconds, within the bucket by straight line; null if there were no commands. */
export function percentiles(spread: LatencySpread | null): Percentiles {
  const total = spread?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  if (!spread || total === 0) return { p50: null, p99: null, p999: null };
  const at = (share: number) => timeAt(spread, share * total);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

function timeAt({ boundsUs, counts }: LatencySpread, rank: number): number {
  let below = 0;
  for (const [index, count] of counts.entries()) {
    const lower = boundsUs[index - 1] ?? 0;
    const upper = boundsUs[index]!;
    if (count > 0 && below + count >= rank) {
      if (!Number.isFinite(upper)) return lower;
      return Math.round(lower + ((upper - lower) * (rank - below)) / count);
    }
    below += count;
  }
  return boundsUs.findLast(Number.isFinite) ?? 0;
}
