import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onlineSlot, quiet, startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

let server: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;

async function start(ini: string): Promise<void> {
  proxy = await startDataPlane([server.addr], { ini });
  client = await RespClient.connect(proxy.port);
  await quiet(proxy);
}

beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  client.close();
  proxy.close();
  await server.stop();
});

async function gone(): Promise<void> {
  await server.stop();
  await eventually('the proxy has noticed', () =>
    proxy.plane.stats().backends.every(({ state }) => state !== 'ready'),
  );
}

describe('commands for a server that is away', () => {
  it('wait for it to come back, and are executed in their order', async () => {
    await start('backend_wait=20000');
    await gone();
    const other = await RespClient.connect(proxy.port);
    client.send('RPUSH list a\r\nRPUSH list b\r\nLRANGE list 0 -1\r\n');
    other.send('HELLO 3\r\nSET other 1\r\nGET other\r\n');
    server = await startRedis([], server.port);
    const replies = await client.replies(3);
    expect(replies.map(String)).toEqual([':1\r\n', ':2\r\n', '*2\r\n$1\r\na\r\n$1\r\nb\r\n']);
    expect((await other.replies(3)).slice(1).map(String)).toEqual(['+OK\r\n', '$1\r\n1\r\n']);
    other.close();
  });

  it('go to another master of the group, those that waited first', async () => {
    await start('backend_wait=20000');
    const next = await startRedis();
    await gone();
    client.send('RPUSH list a\r\nRPUSH list b\r\n');
    await eventually('they wait', () => proxy.plane.stats().waitingCommands === 2);
    const groups = [{ groupId: 1, master: next.addr, replicas: [] }];
    const applied = proxy.plane.apply({ slots: [], groups });
    client.send('RPUSH list c\r\nLRANGE list 0 -1\r\n');
    const replies = await client.replies(4);
    expect(String(replies[3])).toBe('*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n');
    await applied;
    expect(proxy.plane.stats().waitingCommands).toBe(0);
    await next.stop();
  });

  it('go where their slot has gone meanwhile, not to the server that they waited for', async () => {
    await start('backend_wait=20000');
    const next = await startRedis();
    await gone();
    client.send('SET key moved\r\n');
    await eventually('it waits', () => proxy.plane.stats().waitingCommands === 1);
    const groups = [{ groupId: 2, master: next.addr, replicas: [] }];
    const slots = Array.from({ length: 1024 }, (_, slotId) => onlineSlot(slotId, 2));
    await proxy.plane.apply({ slots, groups });
    expect((await client.reply()).toString()).toBe('+OK\r\n');
    server = await startRedis([], server.port);
    const direct = await RespClient.connect(server.port);
    expect(await direct.text('EXISTS', 'key')).toBe(':0\r\n');
    direct.close();
    await next.stop();
  });

  it('fail when it has been away for backend_wait, and at once from then on', async () => {
    await start('backend_wait=300');
    await gone();
    const begin = performance.now();
    expect(await client.text('SET', 'key', 'x')).toMatch(
      /^-ERR slot \d+ group 1: .*cannot be reached/,
    );
    expect(performance.now() - begin).toBeLessThan(5_000);
    client.send('SET key y\r\n');
    expect((await client.reply()).toString()).toMatch(/cannot be reached/);
    expect(proxy.plane.stats().waitingCommands).toBe(0);
    server = await startRedis([], server.port);
    await eventually(
      'it is used again',
      async () => (await client.text('SET', 'key', 'z')) === '+OK\r\n',
    );
  });
});

describe('commands in flight to a server that hangs', () => {
  it('are given up when its group gets another master', async () => {
    await start('backend_wait=20000\nbackend_timeout=60000\nha_down_after=300');
    const next = await startRedis();
    server.process.kill('SIGSTOP');
    client.send('SET key x\r\n');
    await eventually('it is missed', () => (proxy.plane.stats().backends[0]!.silentMs ?? 0) > 300);
    await proxy.plane.apply({
      slots: [],
      groups: [{ groupId: 1, master: next.addr, replicas: [] }],
    });
    expect((await client.reply()).toString()).toMatch(
      /its group has another master\); whether the command was executed is unknown/,
    );
    expect(await client.text('SET', 'key', 'y')).toBe('+OK\r\n');
    await next.stop();
  });
});
