import { type FrameProgress, INCOMPLETE, MALFORMED } from './frame-progress.js';

const CR = 0x0d;
const ZERO = 0x30;
const MINUS = 0x2d;
const QUESTION = 0x3f;

/** How a reply's element goes on after its type byte. */
const LINE = 1;
const BULK = 2;
const AGGREGATE = 3;
const MAP = 4;
const ATTRIBUTE = 5;

/** By type byte, RESP2 and RESP3; 0: no such type. */
const KIND_OF_TYPE = new Uint8Array(256);
for (const type of '+-:_,#(') KIND_OF_TYPE[type.charCodeAt(0)] = LINE;
for (const type of '$!=') KIND_OF_TYPE[type.charCodeAt(0)] = BULK;
for (const type of '*~>') KIND_OF_TYPE[type.charCodeAt(0)] = AGGREGATE;
KIND_OF_TYPE['%'.charCodeAt(0)] = MAP;
KIND_OF_TYPE['|'.charCodeAt(0)] = ATTRIBUTE;

/**
 * Where the reply that starts at `bytes[start]` ends. Nested replies are counted, not descended
 * into: depth costs no stack, and a huge count costs nothing until its elements come.
 *
 * @returns the position after it, INCOMPLETE or MALFORMED.
 */
export function frameReply(
  bytes: Uint8Array,
  start: number,
  end: number,
  progress: FrameProgress,
): number {
  let remaining = progress.remaining || 1;
  let at = start + progress.offset;
  while (remaining > 0) {
    if (at >= end) return incomplete(progress, remaining, at - start, 1);
    const kind = KIND_OF_TYPE[bytes[at]!]!;
    if (kind === 0) return malformed(progress, `unknown type byte ${bytes[at]}`);

    let value = 0;
    let isNegative = false;
    let next = at + 1;
    if (kind === LINE) {
      while (next < end && bytes[next] !== CR) next++;
    } else {
      for (; next < end && bytes[next] !== CR; next++) {
        const byte = bytes[next]!;
        if (byte === MINUS && next === at + 1) {
          isNegative = true;
        } else {
          if (byte < ZERO || byte > ZERO + 9) {
            const what = byte === QUESTION ? 'streamed replies are not known' : 'bad length';
            return malformed(progress, what);
          }
          value = value * 10 + (byte - ZERO);
        }
      }
    }
    if (next + 1 >= end) return incomplete(progress, remaining, at - start, next + 2 - at);
    next += 2;

    if (kind === BULK && !isNegative) {
      next += value + 2;
      if (next > end) return incomplete(progress, remaining, at - start, next - at);
    }
    remaining--;
    if (!isNegative) {
      if (kind === AGGREGATE) remaining += value;
      else if (kind === MAP) remaining += value * 2;
      else if (kind === ATTRIBUTE) remaining += value * 2 + 1;
    }
    at = next;
  }
  if (progress.remaining !== 0) progress.reset();
  return at;
}

function incomplete(
  progress: FrameProgress,
  remaining: number,
  offset: number,
  elementBytes: number,
): number {
  progress.remaining = remaining;
  progress.offset = offset;
  // Every element after this one has at least its type and its line end.
  progress.needed = offset + elementBytes + (remaining - 1) * 3;
  return INCOMPLETE;
}

function malformed(progress: FrameProgress, error: string): number {
  progress.error = error;
  return MALFORMED;
}
