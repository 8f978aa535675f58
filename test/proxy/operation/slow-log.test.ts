import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeReply, type Plain, toPlain } from '../../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';

let servers: RedisServer[];
let proxy: TestDataPlane;
let client: RespClient;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
  client = await RespClient.connect(proxy.port);
});

afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function plain(...args: Argument[]): Promise<Plain> {
  return toPlain(decodeReply(await client.call(...args))!.value);
}

/** What was logged, the newest first. */
async function commands(...count: Argument[]): Promise<string[]> {
  const entries = (await plain('SLOWLOG', 'GET', ...count)) as [number, number, number, string[]][];
  return entries.map(([, , , args]) => args.join(' '));
}

test('SLOWLOG shows the entries of all groups, and commands for all groups once', async () => {
  await plain('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
  await plain('SLOWLOG', 'RESET');
  const keys = Array.from({ length: 20 }, (_, n) => `key:${n}`);
  for (const key of keys) await plain('INCR', key);
  expect(await plain('SLOWLOG', 'LEN')).toBeGreaterThan(20);
  expect(await commands()).toHaveLength(10);
  expect(await commands('0')).toHaveLength(0);
  expect(await commands('3')).toHaveLength(3);
  const all = await commands('-1');
  expect(all.filter((command) => command.startsWith('INCR')).sort()).toEqual(
    keys.map((key) => `INCR ${key}`).sort(),
  );
  expect(all.filter((command) => command === 'SLOWLOG RESET')).toHaveLength(1);

  await plain('SLOWLOG', 'RESET');
  await plain('SADD', 'set', 'a');
  expect((await commands())[0]).toBe('SADD set a');
  await plain('SLOWLOG', 'RESET');
  await plain('SADD', 'other', 'a');
  expect((await commands())[0]).toBe('SADD other a');
});

test('no more is shown than one server keeps, each entry under an id of its own', async () => {
  await plain('CONFIG', 'SET', 'slowlog-max-len', '6');
  for (let n = 0; n < 40; n++) await plain('INCR', `key:${n}`);
  expect(await plain('SLOWLOG', 'LEN')).toBe(6);
  const entries = (await plain('SLOWLOG', 'GET', '-1')) as [number, ...Plain[]][];
  expect(new Set(entries.map(([id]) => id)).size).toBe(6);
  expect(entries[0]).toHaveLength(6);
});

test("errors are Redis's", async () => {
  expect(await plain('SLOWLOG', 'GET', '-2')).toBe(
    'ERR count should be greater than or equal to -1',
  );
  expect(await plain('SLOWLOG', 'GET', 'x')).toMatch(/^ERR /);
});

test('LATENCY tells of the events and calls of all groups', async () => {
  await plain('CONFIG', 'SET', 'latency-monitor-threshold', '1');
  const direct = await Promise.all(servers.map(({ port }) => RespClient.connect(port)));
  const spin =
    "local t = redis.call('time') repeat local n = redis.call('time') until n[1] * 1000000 + n[2] > t[1] * 1000000 + t[2] + 5000";
  for (const server of direct) await server.call('EVAL', spin, '0');
  const latest = (await plain('LATENCY', 'LATEST')) as [string, number, number, number][];
  // On a busy machine other events may be slow, too.
  const command = latest.find(([event]) => event === 'command');
  expect(command?.[3]).toBeGreaterThanOrEqual(5);
  expect(await plain('LATENCY', 'HISTORY', 'command')).toHaveLength(2);
  expect(await plain('LATENCY', 'DOCTOR')).toMatch(/^group 1:\n[\s\S]*\ngroup 2:\n/);
  const [name, figures] = (await plain('LATENCY', 'HISTOGRAM', 'eval')) as [string, Plain[]];
  expect(name).toBe('eval');
  expect(figures.slice(0, 2)).toEqual(['calls', 2]);
  expect((figures[3] as number[]).at(-1)).toBe(2);
  const reset = await plain('LATENCY', 'RESET');
  expect(reset).toBeGreaterThanOrEqual(2);
  const left = (await plain('LATENCY', 'LATEST')) as [string, ...number[]][];
  expect(left.map(([event]) => event)).not.toContain('command');
});

test('MEMORY: reports of all groups', async () => {
  expect(await plain('MEMORY', 'DOCTOR')).toMatch(/^group 1:\n[\s\S]*\ngroup 2:\n/);
  expect(await plain('MEMORY', 'PURGE')).toBe('OK');
  await plain('SET', 'sized', 'x'.repeat(1000));
  expect(await plain('MEMORY', 'USAGE', 'sized')).toBeGreaterThan(1000);
});
