import type { CommandRow } from '../command-row.js';
import { UNKNOWN_ROW } from '../learned-commands.js';

/**
 * Who carries a command of a transaction out:
 * - `server`: it is sent between MULTI and EXEC
 * - `proxy`: a local command, which the proxy answers when the server has executed the others
 * - `apart`: an operation, or a message to a channel: carried out by itself, before or after what the server executes
 */
export type Place = 'server' | 'proxy' | 'apart';

/** About the connection that they are sent by, which in a transaction does not block. */
const SENT_ALONG = new Set(['wait', 'waitaof']);

/** They are answered by more or less than one reply, and take the connection for themselves. */
const TAKES_CONNECTION = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'],
  ...['monitor', 'client|reply'],
]);

const CHANGES_KEYSPACE = new Set(['flushall', 'flushdb', 'swapdb']);
const READS_KEYSPACE = new Set(['dbsize', 'keys', 'randomkey', 'scan']);

export function placeOf(row: CommandRow): Place {
  if (hasKeys(row) || SENT_ALONG.has(row.name)) return 'server';
  switch (row.route) {
    case 'local':
    case 'container':
      return 'proxy';
    case 'operation':
    case 'publish':
      return 'apart';
    default:
      return 'server';
  }
}

/** Null: it may stand in a transaction. */
export function whyNotQueued(row: CommandRow): string | null {
  if (row === UNKNOWN_ROW) return 'ERR where the keys of the command are only a server can tell';
  if (!TAKES_CONNECTION.has(row.name)) return null;
  return `ERR ${spoken(row)} is not possible in a transaction through this proxy`;
}

/** True for commands about all keys of all groups; they are not atomic with what a server does. */
export function isAboutKeyspace(row: CommandRow): boolean {
  return CHANGES_KEYSPACE.has(row.name) || READS_KEYSPACE.has(row.name);
}

export function changesKeyspace(row: CommandRow): boolean {
  return CHANGES_KEYSPACE.has(row.name);
}

/** `client|reply` as it is typed. */
export function spoken(row: CommandRow): string {
  return row.name.replace('|', ' ').toUpperCase();
}

function hasKeys(row: CommandRow): boolean {
  return row.keySpecs.length > 0 || row.keyFinder !== 'specs';
}
