import { Chunk } from './chunk.js';

/** Smaller ones are not worth keeping: making them is cheap. */
const LEAST_BYTES = 64 * 1024;
/** Larger ones are made as needed: keeping them would cost more than making them. */
const MOST_BYTES = 8 * 1024 * 1024;
/** What is kept for the next large frames, of all sizes together. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** By their size class. */
const free: Chunk[][] = [];
let keptBytes = 0;

/**
 * Memory for a frame of `size` bytes, held once. Fresh memory costs more than reading into it: the
 * kernel has to find and clear its pages, so it is used again. Null: of that size it is not kept.
 */
export function takeLarge(size: number): Chunk | null {
  if (size < LEAST_BYTES || size > MOST_BYTES) return null;
  const sizeClass = classOf(size);
  const kept = free[sizeClass]?.pop();
  if (kept !== undefined) keptBytes -= kept.buffer.length;
  const chunk = kept ?? new Chunk(sizeOf(sizeClass), giveBack);
  chunk.hold();
  return chunk;
}

function giveBack(chunk: Chunk): void {
  const size = chunk.buffer.length;
  if (keptBytes + size > KEPT_BYTES) return;
  keptBytes += size;
  const sizeClass = classOf(size);
  free[sizeClass] ??= [];
  free[sizeClass].push(chunk);
}

/** Four classes for each doubling of the size: a frame has at most a fourth more than it needs. */
function classOf(size: number): number {
  const exponent = 31 - Math.clz32(size - 1);
  return exponent * 4 + (((size - 1) >>> (exponent - 2)) & 3);
}

/** The largest size of a class. */
function sizeOf(sizeClass: number): number {
  const exponent = sizeClass >> 2;
  return 2 ** exponent + ((sizeClass & 3) + 1) * 2 ** (exponent - 2);
}
