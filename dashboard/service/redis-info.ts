import { formatAddress } from '../../base/address.js';
import { slotOf } from '../../cluster/slot-hash.js';
import type { Plain } from '../../resp/decode.js';
import { NotRedisError, NotSupportedError, RedisReplyError } from '../errors.js';
import { type RedisConnection, withRedis } from './redis-connection.js';

/** Keys asked for in one SCAN: a few hundred microseconds of the server's time. */
const SCAN_COUNT = '1000';
/** Counting a slot without the slots module reads all keys: about 2 million in this time. */
const COUNT_TIMEOUT_MS = 5_000;

/** What INFO tells of a server, as far as we decide by it. */
export interface RedisState {
  /** Every field of INFO as text. */
  readonly fields: Readonly<Record<string, string>>;
  /** Different for every start of every server; empty before Redis 2.8. */
  readonly runId: string;
  readonly role: 'master' | 'replica';
  /** host:port that it follows; null for a master. */
  readonly masterAddr: string | null;
  /** Bytes of the replication stream: those sent by a master, those received by a replica. */
  readonly offset: number;
  readonly keyCount: number;
}

/** @throws NotRedisError for what is no server of a group: a sentinel, a node of Redis Cluster */
export async function readState(redis: RedisConnection): Promise<RedisState> {
  const fields = parseInfo(redis.addr, await redis.command('INFO'));
  if (fields.redis_mode === 'sentinel' || fields.redis_mode === 'cluster') {
    throw new NotRedisError(`the server ${redis.addr} runs in ${fields.redis_mode} mode`, {
      hint: 'only a redis-server without cluster-enabled can be part of a group',
    });
  }
  const isReplica = fields.role === 'slave';
  return {
    fields,
    runId: fields.run_id ?? '',
    role: isReplica ? 'replica' : 'master',
    masterAddr: isReplica
      ? formatAddress({ host: fields.master_host ?? '', port: Number(fields.master_port) })
      : null,
    offset: Number((isReplica ? fields.slave_repl_offset : fields.master_repl_offset) ?? 0),
    keyCount: keyCount(fields),
  };
}

/** {@link readState} on a connection of its own. */
export function fetchState(addr: string, password: string): Promise<RedisState> {
  return withRedis(addr, password, readState);
}

/** All fields of INFO and `maxmemory`, sorted by name, as Codis shows them. */
export async function fetchStat(addr: string, password: string): Promise<Record<string, string>> {
  return withRedis(addr, password, async (redis) => {
    const { fields } = await readState(redis);
    const stat = { maxmemory: await maxmemory(redis), ...fields };
    return Object.fromEntries(
      Object.entries(stat).sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  });
}

/** True if INFO of `replica` says that it follows the master at `addr` with state `master`. */
export function follows(replica: RedisState, addr: string, master: RedisState): boolean {
  if (replica.role !== 'replica') return false;
  if (replica.masterAddr === addr) return true;
  // The same server under another name: the replication stream has the same id.
  const id = replica.fields.master_replid;
  const portOf = (text: string | null) => text?.split(':').at(-1);
  return (
    id !== undefined &&
    id === master.fields.master_replid &&
    replica.fields.master_link_status === 'up' &&
    portOf(replica.masterAddr) === portOf(addr)
  );
}

/**
 * Number of keys in a slot: from the slots module's index, or by reading all keys of database 0.
 *
 * @throws NotSupportedError if there are too many keys to read them all.
 */
export async function countSlotKeys(
  addr: string,
  slotId: number,
  password: string,
): Promise<number> {
  return withRedis(addr, password, async (redis) => {
    try {
      const rows = slotsInfo(await redis.command('SLOTSINFO', String(slotId), '1'));
      return rows.find((row) => row.slotId === slotId)?.keys ?? 0;
    } catch (error) {
      if (!(error instanceof RedisReplyError && /unknown command/i.test(error.message)))
        throw error;
    }
    const deadline = Date.now() + COUNT_TIMEOUT_MS;
    let count = 0;
    for await (const key of scanKeys(redis)) {
      if (slotOf(Buffer.from(key, 'latin1')) === slotId) count++;
      if (Date.now() > deadline) {
        throw new NotSupportedError(
          `the server ${addr} has too many keys to count those of a slot`,
          {
            hint: 'load the slots module into it, which keeps an index',
          },
        );
      }
    }
    return count;
  });
}

/**
 * Looks for a key, in any database, whose slot the test accepts; null if none is among the keys
 * looked at.
 *
 * @param most how many keys to look at in each database
 */
export async function findKey(
  redis: RedisConnection,
  state: RedisState,
  most: number,
  isWanted: (slotId: number) => boolean,
): Promise<{ key: string; slotId: number } | null> {
  for (const database of databasesOf(state)) {
    await redis.command('SELECT', database);
    let seen = 0;
    for await (const key of scanKeys(redis)) {
      const slotId = slotOf(Buffer.from(key, 'latin1'));
      if (isWanted(slotId)) return { key, slotId };
      if (++seen >= most) break;
    }
  }
  return null;
}

/** Numbers of the databases that have keys. */
export function databasesOf({ fields }: RedisState): string[] {
  return Object.keys(fields).flatMap((name) => /^db(\d+)$/.exec(name)?.[1] ?? []);
}

async function* scanKeys(redis: RedisConnection): AsyncGenerator<string> {
  let cursor = '0';
  do {
    const reply = await redis.command('SCAN', cursor, 'COUNT', SCAN_COUNT);
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) {
      throw new NotRedisError(`the server ${redis.addr} does not answer SCAN as Redis does`);
    }
    cursor = String(reply[0]);
    yield* reply[1].map(String);
  } while (cursor !== '0');
}

/** What SLOTSINFO answers: a list of [slot, number of keys], without the empty slots. */
export function slotsInfo(reply: Plain): { slotId: number; keys: number }[] {
  const rows = Array.isArray(reply) ? reply : [];
  return rows.flatMap((row) =>
    Array.isArray(row) ? [{ slotId: Number(row[0]), keys: Number(row[1]) }] : [],
  );
}

async function maxmemory(redis: RedisConnection): Promise<string> {
  try {
    const reply = await redis.command('CONFIG', 'GET', 'maxmemory');
    return Array.isArray(reply) ? String(reply[1] ?? '0') : '0';
  } catch (error) {
    // Servers of a provider forbid CONFIG; newer ones tell it in INFO anyway.
    if (error instanceof RedisReplyError) return '0';
    throw error;
  }
}

function parseInfo(addr: string, reply: Plain): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of typeof reply === 'string' ? reply.split(/\r?\n/) : []) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  if (fields.redis_version === undefined || fields.role === undefined) {
    throw new NotRedisError(`what listens at ${addr} does not answer INFO as a Redis server does`, {
      hint: 'check the address',
    });
  }
  return fields;
}

/** `db0:keys=131,expires=0,avg_ttl=0` */
function keyCount(fields: Readonly<Record<string, string>>): number {
  return Object.entries(fields)
    .filter(([name]) => /^db\d+$/.test(name))
    .reduce((sum, [, value]) => sum + Number(/keys=(\d+)/.exec(value)?.[1] ?? 0), 0);
}
