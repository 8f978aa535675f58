import { Chunk } from './chunk.js';

/** Smaller ones are not worth keeping: making them is cheap. */
const LEAST_BYTES = 64 * 1024;
/** Larger ones are made as needed: keeping them would cost more than making them. */
const MOST_BYTES = 8 * 1024 * 1024;
/** What is kept for the next large frames, of all sizes together. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** By the logarithm of their size. */
const free: Chunk[][] = Array.from({ length: 32 }, () => []);
let keptBytes = 0;

/**
 * Memory for a frame of `size` bytes, held once. Fresh memory costs more than reading into it: the
 * kernel has to find and clear its pages, so it is used again. Null: of that size it is not kept.
 */
export function takeLarge(size: number): Chunk | null {
  if (size < LEAST_BYTES || size > MOST_BYTES) return null;
  const magnitude = 32 - Math.clz32(size - 1);
  const kept = free[magnitude]!.pop();
  if (kept !== undefined) keptBytes -= kept.buffer.length;
  const chunk = kept ?? new Chunk(2 ** magnitude, giveBack);
  chunk.hold();
  return chunk;
}

function giveBack(chunk: Chunk): void {
  const size = chunk.buffer.length;
  if (keptBytes + size > KEPT_BYTES) return;
  keptBytes += size;
  free[32 - Math.clz32(size - 1)]!.push(chunk);
}
