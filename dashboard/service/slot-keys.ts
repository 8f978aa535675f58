import type { SlotRecord } from '../../cluster/model/slot.js';
import { RedisReplyError } from '../errors.js';
import { type RedisConnection, withRedis } from './redis-connection.js';
import { databasesOf, findKey, readState, slotsInfo } from './redis-info.js';

/**
 * How many keys of each database are looked at on a server without the slots module: a few tens of
 * milliseconds. A slot's share of a larger database is found by chance, a range's almost surely.
 */
const KEYS_LOOKED_AT = 20_000;

/** One of the slots whose keys are there. */
export interface KeysFound {
  readonly slotId: number;
  /** Such as `'"foo"'` or `'12 keys'`: what was found in it. */
  readonly what: string;
}

/**
 * Whether a server holds keys of any of the slots, in any of its databases: from the slots
 * module's index, else from a sample of the keys. Null if none was found.
 *
 * @throws the errors of redis-connection.ts
 */
export function findKeysOfSlots(
  addr: string,
  slots: readonly Pick<SlotRecord, 'id'>[],
  password: string,
): Promise<KeysFound | null> {
  const wanted = new Set(slots.map(({ id }) => id));
  return withRedis(addr, password, async (redis) => {
    const state = await readState(redis);
    try {
      return await findInIndex(redis, databasesOf(state), wanted);
    } catch (error) {
      // No such command, or an index that is not ready.
      if (!(error instanceof RedisReplyError)) throw error;
    }
    const found = await findKey(redis, state, KEYS_LOOKED_AT, (slotId) => wanted.has(slotId));
    return found && { slotId: found.slotId, what: JSON.stringify(found.key) };
  });
}

async function findInIndex(
  redis: RedisConnection,
  databases: readonly string[],
  wanted: ReadonlySet<number>,
): Promise<KeysFound | null> {
  for (const database of databases) {
    await redis.command('SELECT', database);
    const found = slotsInfo(await redis.command('SLOTSINFO')).find(({ slotId }) =>
      wanted.has(slotId),
    );
    if (!found) continue;
    return { slotId: found.slotId, what: found.keys === 1 ? '1 key' : `${found.keys} keys` };
  }
  return null;
}
