import { expect, it } from 'vitest';
import { startDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { startRedis } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';

it('MONITOR shows what a plain server shows, until the client is gone or RESET', async () => {
  const server = await startRedis();
  const proxy = await startDataPlane([server.addr]);
  const clients: RespClient[] = [];
  const connect = async (port: number): Promise<RespClient> => {
    const client = await RespClient.connect(port);
    clients.push(client);
    return client;
  };
  try {
    const commands: Argument[][] = [
      ['SELECT', '3'],
      ['SET', 'a b', Buffer.from('\x00"\\\r\n\xe9~', 'latin1')],
      ['get', 'a b'],
      ['MGET', 'a', 'b'],
      ['NOSUCH', 'a'],
      ['CONFIG', 'GET', 'port'],
      ['AUTH', 'secret'],
      ['HELLO', '2', 'AUTH', 'default', 'secret', 'SETNAME', 'me'],
      ['ECHO', 'end'],
    ];
    const seen: string[][] = [];
    for (const port of [server.port, proxy.port]) {
      const [watching, client] = [await connect(port), await connect(port)];
      expect(await watching.text('MONITOR')).toBe('+OK\r\n');
      for (const command of commands) await client.call(...command);
      const lines: string[] = [];
      while (!lines.at(-1)?.endsWith('"ECHO" "end"')) {
        const line = String(await watching.reply());
        expect(line).toMatch(/^\+\d{10}\.\d{6} \[\d+ 127\.0\.0\.1:\d+\] "/);
        // At the server the proxy's own commands are seen as well; and SELECT is shown after it.
        if (/"(CLIENT|COMMAND|SELECT|PING)"/.test(line)) continue;
        lines.push(line.replace(/^.*?\[(\d+) .*?\]/, '[$1]').trim());
      }
      seen.push(lines);
      expect(await watching.text('RESET')).toBe('+RESET\r\n');
      await client.call('PING');
      expect(await watching.text('ECHO', 'nothing before')).toContain('nothing before');
    }
    expect(seen[1]).toEqual(seen[0]);

    const [gone, client] = [await connect(proxy.port), await connect(proxy.port)];
    await gone.call('MONITOR');
    gone.close();
    await eventually('only one is left', () => proxy.plane.stats().clients < 5);
    expect(await client.text('GET', 'x')).toBe('$-1\r\n');
  } finally {
    for (const client of clients) client.close();
    proxy.close();
    await server.stop();
  }
});
