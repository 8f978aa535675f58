import { createClient } from 'redis6';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

let server: RedisServer;
let leaving: TestDataPlane;
let other: TestDataPlane;

beforeAll(async () => {
  server = await startRedis();
  leaving = await startDataPlane([server.addr]);
  other = await startDataPlane([server.addr]);
});

afterAll(async () => {
  leaving.close();
  other.close();
  await server.stop();
});

async function connect(...hello: string[]): Promise<RespClient> {
  const client = await RespClient.connect(leaving.port);
  if (hello.length > 0) await client.call(...hello);
  return client;
}

test('what CLIENT MAINT_NOTIFICATIONS takes', async () => {
  const client = await connect('HELLO', '3');
  const ask = (...args: string[]) => client.text('CLIENT', 'MAINT_NOTIFICATIONS', ...args);
  expect(await ask('ON')).toBe('+OK\r\n');
  expect(await ask('on', 'Moving-Endpoint-Type', 'internal-ip')).toBe('+OK\r\n');
  expect(await ask('OFF')).toBe('+OK\r\n');
  expect(await ask('MAYBE')).toBe('-ERR syntax error\r\n');
  expect(await ask('ON', 'moving-endpoint-type')).toBe('-ERR syntax error\r\n');
  expect(await ask('ON', 'moving-endpoint-type', 'by-post')).toBe(
    "-ERR Invalid moving-endpoint-type 'by-post'\r\n",
  );
  expect(await ask()).toMatch(/^-ERR wrong number of arguments/);
  client.close();
  const old = await connect();
  expect(await old.text('CLIENT', 'MAINT_NOTIFICATIONS', 'ON')).toBe(
    '-ERR CLIENT MAINT_NOTIFICATIONS needs RESP3: say HELLO 3 first\r\n',
  );
  old.close();
});

test('who has asked is told where to go; node-redis goes there without an error', async () => {
  const [asked, anywhere, silent] = await Promise.all([
    connect('HELLO', '3'),
    connect('HELLO', '3'),
    connect('HELLO', '3'),
  ]);
  const on = ['CLIENT', 'MAINT_NOTIFICATIONS', 'ON', 'moving-endpoint-type'];
  await asked.call(...on, 'external-ip');
  await anywhere.call(...on, 'none');
  const client = createClient({
    RESP: 3,
    maintNotifications: 'enabled',
    socket: { host: '127.0.0.1', port: leaving.port, reconnectStrategy: false },
  });
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  await client.connect();
  let done = 0;
  let isStopped = false;
  const load = (async () => {
    while (!isStopped) {
      await client.set('key', String(done));
      done++;
    }
  })();

  const addr = `127.0.0.1:${other.port}`;
  const drained = leaving.plane.drain(5_000, [addr]);
  const moved = new RegExp(
    `^>4\\r\\n\\$6\\r\\nMOVING\\r\\n:\\d+\\r\\n:1\\r\\n\\$15\\r\\n${addr}\\r\\n$`,
  );
  expect((await asked.reply()).toString()).toMatch(moved);
  expect((await anywhere.reply()).toString()).toMatch(
    /^>4\r\n\$6\r\nMOVING\r\n:\d+\r\n:1\r\n_\r\n$/,
  );
  expect(await silent.untilClosed()).toHaveLength(0);
  await drained;
  const before = done;
  while (done < before + 10) await new Promise((resolve) => setImmediate(resolve));
  isStopped = true;
  await load;
  expect(errors).toEqual([]);
  expect(other.plane.stats().clients).toBe(1);
  client.destroy();
});

test('who wants an address is told nothing if there is none', async () => {
  await leaving.plane.listen({ host: '127.0.0.1', port: leaving.port });
  const client = await connect('HELLO', '3');
  await client.call('CLIENT', 'MAINT_NOTIFICATIONS', 'ON', 'moving-endpoint-type', 'internal-fqdn');
  await leaving.plane.drain(1_000, []);
  expect(await client.untilClosed()).toHaveLength(0);
});
