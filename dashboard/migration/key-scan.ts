import { SLOT_COUNT, slotOfKey } from '../../cluster/slot-hash.js';
import type { Value } from '../../resp/decode.js';
import { NotRedisError } from '../errors.js';
import type { ServerConnection } from './server-connection.js';

/** Keys asked for in one call: about 100 microseconds of the server's time. */
const SCAN_COUNT = '256';
/** For more slots than that a pass over all keys is quicker than an index that has to be built. */
const MAX_INDEXED_SLOTS = 256;
/** Of a hundred million keys, a millisecond at a time. */
const INDEX_TIMEOUT_MS = 120_000;

/** A page of keys of the slots asked for. */
export interface KeyPage {
  readonly database: number;
  readonly keys: readonly Buffer[];
  /** Keys looked at so far, of about so many. */
  readonly seen: number;
  readonly total: number;
}

/** The databases that have keys, and how many. */
export async function keyspace(server: ServerConnection): Promise<Map<number, number>> {
  const reply = await server.call(['INFO', 'keyspace']);
  const databases = new Map<number, number>();
  const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
  for (const [, database, keys] of text.matchAll(/^db(\d+):keys=(\d+)/gm)) {
    databases.set(Number(database), Number(keys));
  }
  return databases;
}

/**
 * All keys, of every database, of the slots that the test accepts. A key that is there from the
 * first page to the last is among them (SCAN's guarantee); one may come twice. SCAN deletes keys
 * that have expired instead of showing them.
 *
 * A server with the SLOTS* commands can be asked for the keys of each slot, which its index knows;
 * of any other all keys are looked at.
 *
 * Only as long as the connection lasts: a cursor means nothing to another server, nor to the same
 * one started anew.
 */
export async function* scanKeys(
  server: ServerConnection,
  isWanted: (slotId: number) => boolean,
  through: 'index' | 'all keys',
): AsyncGenerator<KeyPage> {
  const databases = await keyspace(server);
  const scan = through === 'index' ? scanIndex : scanAll;
  yield* scan(server, databases, isWanted);
}

/** How so many slots are found quickest in this server. */
export async function quickestWay(
  server: ServerConnection,
  slots: number,
): Promise<'index' | 'all keys'> {
  return slots <= MAX_INDEXED_SLOTS && (await hasSlotIndex(server)) ? 'index' : 'all keys';
}

async function* scanAll(
  server: ServerConnection,
  databases: ReadonlyMap<number, number>,
  isWanted: (slotId: number) => boolean,
): AsyncGenerator<KeyPage> {
  const total = sum(databases.values());
  let seen = 0;
  for (const database of databases.keys()) {
    await server.call(['SELECT', String(database)]);
    for await (const keys of pages(server, ['SCAN'])) {
      seen += keys.length;
      const wanted = keys.filter((key) => isWanted(slotOfKey(key, 0, key.length)));
      yield { database, keys: wanted, seen, total };
    }
  }
}

async function* scanIndex(
  server: ServerConnection,
  databases: ReadonlyMap<number, number>,
  isWanted: (slotId: number) => boolean,
): AsyncGenerator<KeyPage> {
  const slotsOf = new Map<number, Map<number, number>>();
  const wanted = Array.from({ length: SLOT_COUNT }, (_, slotId) => slotId).filter(isWanted);
  let total = 0;
  for (const database of databases.keys()) {
    await server.call(['SELECT', String(database)]);
    const slots = await indexedSlots(server, wanted);
    slotsOf.set(database, slots);
    total += sum(slots.values());
  }
  let seen = 0;
  for (const [database, slots] of slotsOf) {
    await server.call(['SELECT', String(database)]);
    for (const slotId of slots.keys()) {
      for await (const keys of pages(server, ['SLOTSSCAN', String(slotId)])) {
        seen += keys.length;
        yield { database, keys, seen, total };
      }
    }
  }
}

async function hasSlotIndex(server: ServerConnection): Promise<boolean> {
  const reply = await server.call(['COMMAND', 'INFO', 'SLOTSSCAN', 'SLOTSINFO']);
  return reply.type === 'array' && reply.value.every((command) => command.type === 'array');
}

/** The slots wanted that are not empty, and how many keys they have. */
async function indexedSlots(
  server: ServerConnection,
  wanted: readonly number[],
): Promise<Map<number, number>> {
  const first = wanted[0] ?? 0;
  const count = (wanted.at(-1) ?? 0) - first + 1;
  // Where there is no index yet it is built first, with pauses for others.
  const reply = await server.call(['SLOTSINFO', String(first), String(count)], INDEX_TIMEOUT_MS);
  const isWanted = new Set(wanted);
  const slots = new Map<number, number>();
  for (const row of reply.type === 'array' ? reply.value : []) {
    const [slot, keys] = row.type === 'array' ? row.value : [];
    if (slot?.type !== 'integer' || keys?.type !== 'integer') continue;
    if (isWanted.has(Number(slot.value))) slots.set(Number(slot.value), Number(keys.value));
  }
  return slots;
}

/** @param scan what comes before the cursor: SCAN, or SLOTSSCAN and the slot */
async function* pages(
  server: ServerConnection,
  scan: readonly string[],
): AsyncGenerator<readonly Buffer[]> {
  let asked: Promise<Value> | null = ask(server, scan, '0');
  while (asked) {
    const { cursor, keys } = page(server, await asked);
    // Asked for before this page is worked upon: the server need not wait for us.
    asked = cursor === '0' ? null : ask(server, scan, cursor);
    yield keys;
  }
}

function ask(server: ServerConnection, scan: readonly string[], cursor: string): Promise<Value> {
  const reply = server.call([...scan, cursor, 'COUNT', SCAN_COUNT]);
  // Whoever stops reading pages leaves the last one unread.
  reply.catch(() => undefined);
  return reply;
}

function page(server: ServerConnection, reply: Value): { cursor: string; keys: Buffer[] } {
  if (reply.type === 'array' && reply.value.length === 2) {
    const [cursor, keys] = reply.value;
    if (cursor?.type === 'bulk' && keys?.type === 'array') {
      const found = keys.value.flatMap((key) => (key.type === 'bulk' ? [key.value] : []));
      return { cursor: cursor.value.toString(), keys: found };
    }
  }
  throw new NotRedisError(`the server ${server.addr} does not answer SCAN as Redis does`);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
