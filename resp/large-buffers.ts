import { Chunk } from './chunk.js';

/** Smaller ones are not worth keeping: making them is cheap. */
const LEAST_BYTES = 64 * 1024;
/** Larger ones are made as needed: keeping them would cost more than making them. */
const MOST_BYTES = 8 * 1024 * 1024;
/** What is kept for the next large frames, of all sizes together. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** By their size class. */
const free: Chunk[][] = [];
/** The fewest that there were in each since the last trimming: those have not been needed. */
const spare: number[] = [];
let keptBytes = 0;
/** Left to the garbage collector, which does not hurry, since the last trimming. */
let leftBytes = 0;

/**
 * Memory for a frame of `size` bytes, held once. Fresh memory costs more than reading into it: the
 * kernel has to find and clear its pages, so it is used again. Null: of that size it is not kept.
 */
export function takeLarge(size: number): Chunk | null {
  if (size < LEAST_BYTES || size > MOST_BYTES) return null;
  const sizeClass = classOf(size);
  const ready = free[sizeClass];
  const kept = ready?.pop();
  if (kept !== undefined) {
    keptBytes -= kept.buffer.length;
    spare[sizeClass] = Math.min(spare[sizeClass] ?? 0, ready!.length);
  }
  const chunk = kept ?? new Chunk(sizeOf(sizeClass), giveBack);
  chunk.hold();
  return chunk;
}

function giveBack(chunk: Chunk): void {
  const size = chunk.buffer.length;
  if (keptBytes + size > KEPT_BYTES) {
    leftBytes += size;
    return;
  }
  keptBytes += size;
  const sizeClass = classOf(size);
  free[sizeClass] ??= [];
  free[sizeClass].push(chunk);
}

/**
 * Keeps no more of what has not been needed since the last call.
 *
 * @returns bytes that have been left to the garbage collector since then
 */
export function trimLarge(): number {
  for (const [sizeClass, chunks] of free.entries()) {
    if (chunks === undefined) continue;
    for (const chunk of chunks.splice(0, spare[sizeClass] ?? 0)) {
      keptBytes -= chunk.buffer.length;
      leftBytes += chunk.buffer.length;
    }
    spare[sizeClass] = chunks.length;
  }
  const left = leftBytes;
  leftBytes = 0;
  return left;
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
