import { crc32 } from '../../cluster/slot-hash.js';

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
  /** Whose cursor it is, by {@link masterMark}. */
  readonly mark: number;
  /** The group's server's own cursor; 0: from its first key on. */
  readonly cursor: bigint;
}

const PHASES: readonly ScanPhase[] = ['all', 'sources', 'targets'];
const PHASE_BITS = 2;
/** Most ids of groups fit into the first; they go up to 9999. */
const GROUP_BITS = [7, 14] as const;
const SEQ_BITS = 15;
const MARK_BITS = 4;
const SEQ_RANGE = 2 ** SEQ_BITS;

/**
 * Tells the masters of a group apart, mostly: servers have their keys in orders of their own, so a
 * cursor is of use with the one alone that gave it.
 */
export function masterMark(addr: string): number {
  const bytes = Buffer.from(addr);
  return crc32(bytes, 0, bytes.length) % 2 ** MARK_BITS;
}

/**
 * The position as one number of 64 bits, never 0. Proxies keep nothing of a scan: it may be gone on
 * with at any of them.
 *
 * The server's cursor stands highest, so that the numbers are small where there are few keys: some
 * clients (node-redis 4) take them for a double, which is exact below 2^53. That is so for groups of 16
 * million keys with ids below 128.
 *
 * @throws RangeError if the server's cursor is too large: there is room for a hash table of 2^35
 * buckets, in groups with larger ids of 2^28
 */
export function encodeCursor({ phase, groupId, beginSeq, mark, cursor }: ScanPosition): string {
  const size = groupId < 2 ** GROUP_BITS[0] ? 0 : 1;
  let bits = cursor;
  const put = (value: number, count: number): void => {
    bits = (bits << BigInt(count)) | BigInt(value);
  };
  put(mark, MARK_BITS);
  put(beginSeq % SEQ_RANGE, SEQ_BITS);
  put(groupId, GROUP_BITS[size]);
  put(size, 1);
  // 0 as phase is left out: it would make the beginning of a scan the end of one.
  put(PHASES.indexOf(phase) + 1, PHASE_BITS);
  if (bits >> 64n !== 0n) throw new RangeError(`cursor ${cursor} of group ${groupId}`);
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
  const take = (count: number): number => {
    const value = Number(bits & ((1n << BigInt(count)) - 1n));
    bits >>= BigInt(count);
    return value;
  };
  const phase = PHASES[take(PHASE_BITS) - 1];
  if (phase === undefined) return null;
  const groupId = take(take(1) === 0 ? GROUP_BITS[0] : GROUP_BITS[1]);
  const seqBits = take(SEQ_BITS);
  const mark = take(MARK_BITS);
  const distance = (seqBits - currentSeq) % SEQ_RANGE;
  const half = SEQ_RANGE / 2;
  const nearest = ((distance + half + SEQ_RANGE) % SEQ_RANGE) - half;
  return { phase, groupId, beginSeq: currentSeq + nearest, mark, cursor: bits };
}
