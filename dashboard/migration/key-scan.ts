import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Value } from '../../resp/decode.js';
import { NotRedisError } from '../errors.js';
import type { ServerConnection } from './server-connection.js';

/** Keys asked for in one call: about 100 microseconds of the server's time. */
const SCAN_COUNT = '256';

/** A page of keys of the slots asked for. */
export interface KeyPage {
  readonly database: number;
  readonly keys: readonly Buffer[];
  /** Keys looked at so far, of any slot. */
  readonly seen: number;
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
 * Only as long as the connection lasts: a cursor means nothing to another server, nor to the same
 * one started anew.
 */
export async function* scanKeys(
  server: ServerConnection,
  isWanted: (slotId: number) => boolean,
): AsyncGenerator<KeyPage> {
  let seen = 0;
  for (const database of (await keyspace(server)).keys()) {
    await server.call(['SELECT', String(database)]);
    let asked: Promise<Value> | null = ask(server, '0');
    while (asked) {
      const { cursor, keys } = page(server, await asked);
      // Asked for before this page is worked upon: the server need not wait for us.
      asked = cursor === '0' ? null : ask(server, cursor);
      seen += keys.length;
      const wanted = keys.filter((key) => isWanted(slotOfKey(key, 0, key.length)));
      yield { database, keys: wanted, seen };
    }
  }
}

function ask(server: ServerConnection, cursor: string): Promise<Value> {
  const reply = server.call(['SCAN', cursor, 'COUNT', SCAN_COUNT]);
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
