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
    const reply = await server.call(['CLIENT', 'LIST']);
    const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
    for (const line of text.split('\n')) {
      if (!line.includes(` name=${name} `)) continue;
      const id = /^id=(\d+) /.exec(line)?.[1];
      if (id === undefined) continue;
      // An error says that it has gone by itself.
      await server.pipeline([['CLIENT', 'KILL', 'ID', id]]);
      log.warn({ addr, id }, 'ended the connection of a mover');
    }
  } finally {
    server.close();
  }
}
