import type { Plain } from '../../resp/decode.js';
import { RedisReplyError } from '../errors.js';
import type { RedisConnection } from '../service/redis-connection.js';
import { databasesOf, type RedisState } from '../service/redis-info.js';

/** Clients of the old master wait for no longer than this while its keys are looked at. */
const COUNT_TIMEOUT_MS = 2_000;
const PAGE_KEYS = '500';
const LAST_BYTE_COMPARED = '255';

/** What a former master has that its successor has not. */
export interface Divergence {
  /**
   * Bytes of its replication stream behind the point at which the successor took over; null if that
   * cannot be told, as it was started anew. An idle master adds a few bytes a second by its pings.
   */
  readonly bytes: number | null;
  readonly keys: number;
  readonly successorKeys: number;
  /**
   * Keys that only it has: lost writes, and what was deleted or has expired at the successor since.
   * Null: the servers do not share a database, or it could not be asked.
   */
  readonly keysOnlyHere: number | null;
  /** Strings that both have, and that begin in different ways. */
  readonly stringsThatDiffer: number | null;
  /** How many of its keys were looked at; fewer than `keys` if there was no time for all. */
  readonly keysSeen: number;
}

/** Compares a former master, whose writes should be paused, with the master that replaced it. */
export async function measureDivergence(
  former: RedisConnection,
  formerState: RedisState,
  successor: RedisConnection,
  successorState: RedisState,
): Promise<Divergence> {
  const counts = { onlyHere: 0, differ: 0, seen: 0 };
  const deadline = performance.now() + COUNT_TIMEOUT_MS;
  let isComparable = true;
  try {
    for (const database of databasesOf(formerState)) {
      await former.command('SELECT', database);
      await successor.command('SELECT', database);
      await compareDatabase(former, successor, counts, deadline);
    }
  } catch (error) {
    // A server whose SCAN or SELECT is forbidden is made a replica all the same.
    if (!(error instanceof RedisReplyError)) throw error;
    isComparable = false;
  }
  return {
    bytes: divergedBytes(formerState, successorState),
    keys: formerState.keyCount,
    successorKeys: successorState.keyCount,
    keysOnlyHere: isComparable ? counts.onlyHere : null,
    stringsThatDiffer: isComparable ? counts.differ : null,
    keysSeen: counts.seen,
  };
}

async function compareDatabase(
  former: RedisConnection,
  successor: RedisConnection,
  counts: { onlyHere: number; differ: number; seen: number },
  deadline: number,
): Promise<void> {
  let cursor = '0';
  do {
    const page = await former.command('SCAN', cursor, 'COUNT', PAGE_KEYS);
    if (!Array.isArray(page) || !Array.isArray(page[1])) return;
    cursor = String(page[0]);
    // Our connections carry text: other keys are not looked at.
    const keys = page[1].map(String).filter((key) => /^[\0-\x7f]*$/.test(key));
    const [ours, theirs, present] = await Promise.all([
      Promise.all(keys.map((key) => beginning(former, key))),
      Promise.all(keys.map((key) => beginning(successor, key))),
      Promise.all(keys.map((key) => successor.command('EXISTS', key))),
    ]);
    for (const [index] of keys.entries()) {
      if (present[index] !== 1) counts.onlyHere++;
      else if (ours[index] !== theirs[index]) counts.differ++;
    }
    counts.seen += keys.length;
  } while (cursor !== '0' && performance.now() < deadline);
}

/** The first bytes of a string; null for another type. */
async function beginning(redis: RedisConnection, key: string): Promise<Plain> {
  try {
    return await redis.command('GETRANGE', key, '0', LAST_BYTE_COMPARED);
  } catch (error) {
    if (error instanceof RedisReplyError) return null;
    throw error;
  }
}

/** A successor remembers its master's stream by its id, and up to where it followed it. */
function divergedBytes(former: RedisState, successor: RedisState): number | null {
  const id = former.fields.master_replid;
  if (id === undefined || successor.fields.master_replid2 !== id) return null;
  const tookOverAt = Number(successor.fields.second_repl_offset ?? 0) - 1;
  return Math.max(0, former.offset - tookOverAt);
}
