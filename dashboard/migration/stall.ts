/**
 * What a server dumps, sends and restores in a second, in bytes of MEMORY USAGE: measured with
 * hashes and sorted sets of a million fields, the slowest of all types.
 */
const BYTES_PER_MS = 200_000;

/** For how long one MIGRATE of so many bytes keeps both servers from anything else. */
export function predictedStallMs(bytes: number): number {
  return Math.round(bytes / BYTES_PER_MS);
}

/** The inverse of {@link predictedStallMs}. */
export function bytesMovedWithin(stallMs: number): number {
  return stallMs * BYTES_PER_MS;
}
