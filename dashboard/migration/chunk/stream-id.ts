/**
 * Ids of stream entries, `<ms>-<seq>`, as one number that orders them: both halves have 64 bits.
 * They stay within this program; servers see text.
 */
export type StreamId = bigint;

const HALF = 64n;
const LOWER_HALF = (1n << HALF) - 1n;

export function parseStreamId(text: string): StreamId {
  const dash = text.indexOf('-');
  return (BigInt(text.slice(0, dash)) << HALF) | BigInt(text.slice(dash + 1));
}

export function formatStreamId(id: StreamId): string {
  return `${id >> HALF}-${id & LOWER_HALF}`;
}

/** Of two ascending lists one, without duplicates. */
export function mergeIds(one: readonly StreamId[], other: readonly StreamId[]): StreamId[] {
  if (one.length === 0) return [...other];
  const merged: StreamId[] = [];
  for (let at = 0, otherAt = 0; at < one.length || otherAt < other.length; ) {
    const left = one[at];
    const right = other[otherAt];
    const next = right === undefined || (left !== undefined && left <= right) ? left! : right;
    merged.push(next);
    if (left === next) at++;
    if (right === next) otherAt++;
  }
  return merged;
}
