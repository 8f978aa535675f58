/**
 * - `all`: over every group, by id
 * - `sources`, `targets`: once more over the groups that slots left meanwhile, and then over those
 *   that slots went to, for the keys of these slots alone
 */
export type ScanPhase = 'all' | 'sources' | 'targets';

/** Where a SCAN over all groups is. */
export interface ScanPosition {
  readonly phase: ScanPhase;
  readonly groupId: number;
  /** The last action that was in effect when the scan began. */
  readonly beginSeq: number;
  /** The group's server's own cursor. */
  readonly cursor: bigint;
}

const PHASES: readonly ScanPhase[] = ['all', 'sources', 'targets'];
const PHASE_BITS = 2n;
/** Ids of groups go up to 9999. */
const GROUP_BITS = 14n;
const SEQ_BITS = 16n;
/** What is left for the server's cursor: as many buckets as a hash table of 4 billion keys has. */
const CURSOR_BITS = 64n - PHASE_BITS - GROUP_BITS - SEQ_BITS;
const SEQ_RANGE = 2 ** Number(SEQ_BITS);

/**
 * The position as one number of 64 bits, never 0. Proxies keep nothing of a scan: it may be gone on
 * with at any of them. The server's cursor stands highest, so that the numbers are small where
 * there are few keys.
 *
 * @throws RangeError if the server's cursor is too large
 */
export function encodeCursor({ phase, groupId, beginSeq, cursor }: ScanPosition): string {
  if (cursor >> CURSOR_BITS !== 0n) throw new RangeError(`cursor ${cursor} of group ${groupId}`);
  let bits = cursor;
  bits = (bits << SEQ_BITS) | BigInt(beginSeq % SEQ_RANGE);
  bits = (bits << GROUP_BITS) | BigInt(groupId);
  // 0 as phase is left out: it would make the beginning of a scan the end of one.
  bits = (bits << PHASE_BITS) | BigInt(PHASES.indexOf(phase) + 1);
  return bits.toString();
}

/**
 * @param text not `0`
 * @param currentSeq the last action in effect: the cursor has the lower bits of a number near it
 * @returns null: no such cursor was ever given out.
 */
export function decodeCursor(text: string, currentSeq: number): ScanPosition | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  let bits = BigInt(text);
  if (bits >> 64n !== 0n) return null;
  const take = (count: bigint): number => {
    const value = Number(bits & ((1n << count) - 1n));
    bits >>= count;
    return value;
  };
  const phase = PHASES[take(PHASE_BITS) - 1];
  if (phase === undefined) return null;
  const groupId = take(GROUP_BITS);
  const seqBits = take(SEQ_BITS);
  const distance = (seqBits - currentSeq) % SEQ_RANGE;
  const half = SEQ_RANGE / 2;
  const nearest = ((distance + half + SEQ_RANGE) % SEQ_RANGE) - half;
  return { phase, groupId, beginSeq: currentSeq + nearest, cursor: bits };
}
