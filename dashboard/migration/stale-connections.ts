import type { Logger } from '../../base/log.js';
import { ServerConnection } from './server-connection.js';

/**
 * Ends the connections of that name at a server, and with them the commands that it has received
 * and not begun. Resolves when that is so.
 *
 * @throws RedisUnreachableError, RedisReplyError, RedisPasswordError
 */
export async function endMoversOf(
  addr: string,
  password: string,
  name: string,
  log: Logger,
): Promise<void> {
  const server = await ServerConnection.open(addr, password);
  try {
    await endConnections(server, (candidate) => candidate === name, log);
  } finally {
    server.close();
  }
}

/**
 * {@link endMoversOf} for all whose name is stale. Clients without a name are left alone.
 *
 * @param server a connection to it
 */
export async function endConnections(
  server: ServerConnection,
  isStale: (name: string) => boolean,
  log: Logger,
): Promise<void> {
  const reply = await server.call(['CLIENT', 'LIST']);
  const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
  for (const line of text.split('\n')) {
    const [, id, name] = /^id=(\d+) .* name=(\S+) /.exec(line) ?? [];
    if (id === undefined || name === undefined || !isStale(name)) continue;
    // An error says that it has gone by itself.
    await server.pipeline([['CLIENT', 'KILL', 'ID', id]]);
    log.warn({ addr: server.addr, id, name }, 'ended a connection that was left behind');
  }
}
