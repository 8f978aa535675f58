import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { decodeReply, toPlain } from '../../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';

let servers: RedisServer[];
let direct: RespClient[];
let proxy: TestDataPlane;
let client: RespClient;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  direct = await Promise.all(servers.map(({ port }) => RespClient.connect(port)));
  proxy = await startDataPlane(
    servers.map(({ addr }) => addr),
    { ini: 'databases=12' },
  );
});

afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

beforeEach(async () => {
  client = await RespClient.connect(proxy.port);
});

async function plain(from: RespClient, ...args: Argument[]) {
  return toPlain(decodeReply(await from.call(...args))!.value);
}

test('what tools ask at their start', async () => {
  expect(await plain(client, 'CONFIG', 'GET', 'maxmemory-policy')).toEqual([
    'maxmemory-policy',
    'noeviction',
  ]);
  expect(await plain(client, 'CONFIG', 'GET', 'save', 'appendonly')).toEqual(
    expect.arrayContaining(['save', '', 'appendonly', 'no']),
  );
  expect(await plain(client, 'config', 'get', 'no-such-setting')).toEqual([]);
});

test('in RESP3 a map', async () => {
  await client.call('HELLO', '3');
  expect(await client.text('CONFIG', 'GET', 'maxmemory')).toBe(
    '%1\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n',
  );
});

test('the number of databases and the port are those of the proxy', async () => {
  expect(await plain(client, 'CONFIG', 'GET', 'databases')).toEqual(['databases', '12']);
  expect(await plain(client, 'CONFIG', 'GET', 'port')).toEqual(['port', String(proxy.port)]);
});

test('passwords of the servers are not told', async () => {
  const settings = (await plain(client, 'CONFIG', 'GET', '*')) as string[];
  expect(settings).toContain('maxmemory');
  expect(settings).not.toContain('requirepass');
  expect(settings).not.toContain('masterauth');
});

test('settings of the data are set on every master', async () => {
  const pairs = ['maxmemory-samples', '7', 'notify-keyspace-events', 'KEA'];
  expect(await client.text('CONFIG', 'SET', ...pairs)).toBe('+OK\r\n');
  for (const server of direct) {
    expect(await plain(server, 'CONFIG', 'GET', 'maxmemory-samples')).toEqual(pairs.slice(0, 2));
    expect(await plain(server, 'CONFIG', 'GET', 'notify-keyspace-events')).toEqual([
      'notify-keyspace-events',
      'AKE',
    ]);
  }
});

test("settings of one machine are refused; the errors of the servers are Redis's", async () => {
  expect(await plain(client, 'CONFIG', 'SET', 'requirepass', 'x')).toBe(
    "ERR CONFIG SET failed (possibly related to argument 'requirepass') - it is not set through the proxy: set it on each server",
  );
  expect(await plain(client, 'CONFIG', 'SET', 'no-such-setting', 'x')).toBe(
    await plain(direct[0]!, 'CONFIG', 'SET', 'no-such-setting', 'x'),
  );
  expect(await plain(client, 'CONFIG', 'SET', 'maxmemory', 'much')).toBe(
    await plain(direct[0]!, 'CONFIG', 'SET', 'maxmemory', 'much'),
  );
});

test('RESETSTAT resets every master; REWRITE without files is their error', async () => {
  const other = await RespClient.connect(servers[1]!.port);
  await other.call('GET', 'a');
  expect(await client.text('CONFIG', 'RESETSTAT')).toBe('+OK\r\n');
  expect(await plain(other, 'INFO', 'commandstats')).not.toContain('cmdstat_get:');
  expect(await plain(client, 'CONFIG', 'REWRITE')).toBe(
    'ERR The server is running without a config file',
  );
});
