/** Four buckets for each doubling of the time: a bound is at most 25% above what it stands for. */
const STEPS = 4;
const OCTAVES = 31;
export const LATENCY_BUCKET_COUNT = STEPS * OCTAVES;

/** The bucket of a time in microseconds (0 to 2^30). */
export function latencyBucket(us: number): number {
  if (us < STEPS) return us;
  const exponent = 31 - Math.clz32(us);
  return (exponent - 1) * STEPS + ((us >>> (exponent - 2)) & (STEPS - 1));
}

/** The least time in microseconds that is above the bucket; Infinity for the last one. */
export function latencyBucketBoundUs(bucket: number): number {
  const next = bucket + 1;
  if (next >= LATENCY_BUCKET_COUNT) return Number.POSITIVE_INFINITY;
  if (next < STEPS) return next;
  const exponent = Math.floor(next / STEPS) + 1;
  return 2 ** exponent + (next % STEPS) * 2 ** (exponent - 2);
}
