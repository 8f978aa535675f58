import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { encodeCommand, RespClient } from '../../support/resp-client.js';

let servers: RedisServer[];
let proxy: TestDataPlane;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

beforeEach(async () => {
  const client = await RespClient.connect(proxy.port);
  await client.call('FLUSHALL');
  client.close();
});

test('an operation takes its turn among pipelined commands', async () => {
  const client = await RespClient.connect(proxy.port);
  const sets = Array.from({ length: 40 }, (_, n) => encodeCommand(['SET', `key:${n}`, n]));
  client.send(
    Buffer.concat([
      ...sets,
      encodeCommand(['DBSIZE']),
      encodeCommand(['FLUSHALL']),
      encodeCommand(['DBSIZE']),
      encodeCommand(['SET', 'after', '1']),
      encodeCommand(['DBSIZE']),
    ]),
  );
  for (let n = 0; n < 40; n++) expect(String(await client.reply())).toBe('+OK\r\n');
  expect(String(await client.reply())).toBe(':40\r\n');
  expect(String(await client.reply())).toBe('+OK\r\n');
  expect(String(await client.reply())).toBe(':0\r\n');
  expect(String(await client.reply())).toBe('+OK\r\n');
  expect(String(await client.reply())).toBe(':1\r\n');
  client.close();
});

test('an operation is of the database that the client has selected', async () => {
  const client = await RespClient.connect(proxy.port);
  await client.call('SET', 'a', '1');
  await client.call('SELECT', '3');
  await client.call('SET', 'b', '1');
  expect(await client.text('DBSIZE')).toBe(':1\r\n');
  await client.call('FLUSHDB');
  expect(await client.text('DBSIZE')).toBe(':0\r\n');
  await client.call('SELECT', '0');
  expect(await client.text('DBSIZE')).toBe(':1\r\n');
  client.close();
});
