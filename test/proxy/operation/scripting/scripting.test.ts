import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { slotOf } from '../../../../cluster/slot-hash.js';
import { knownScripts } from '../../../../proxy/command/script/known-scripts.js';
import { decodeReply, toPlain } from '../../../../resp/decode.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { type Argument, RespClient } from '../../../support/resp-client.js';

const KEY = keyInSlots(0, 511);
const OTHER = keyInSlots(512, 1023);
const LIBRARY = `#!lua name=lib
redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) end)`;

let servers: RedisServer[];
let plain: RedisServer;
let proxy: TestDataPlane;
let clients: RespClient[];

beforeAll(async () => {
  [plain, ...servers] = await Promise.all([startRedis(), startRedis(), startRedis()]);
});

afterAll(async () => {
  await Promise.all([plain, ...servers].map((server) => server.stop()));
});

beforeEach(async () => {
  clients = [];
  knownScripts.clear();
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
  for (const { port } of [plain, ...servers]) {
    const client = await connect(port);
    await client.pipeline([['FLUSHALL'], ['SCRIPT', 'FLUSH'], ['FUNCTION', 'FLUSH']]);
  }
});

afterEach(() => {
  for (const client of clients) client.close();
  proxy.close();
});

async function connect(port = proxy.port): Promise<RespClient> {
  const client = await RespClient.connect(port);
  clients.push(client);
  return client;
}

function shaOf(script: string): string {
  return createHash('sha1').update(script).digest('hex');
}

/** Makes the servers forget all scripts, behind the proxy's back. */
async function flushServers(): Promise<void> {
  for (const { port } of servers) await (await connect(port)).call('SCRIPT', 'FLUSH');
}

const APPEND = "return redis.call('append', KEYS[1], ARGV[1])";

const STORIES: { readonly [name: string]: readonly (readonly Argument[])[] } = {
  'a script by its sha': [
    ['EVALSHA', shaOf(APPEND), '1', 'a', 'x'],
    ['SCRIPT', 'EXISTS', shaOf(APPEND)],
    ['EVAL', APPEND, '1', 'a', 'x'],
    ['SCRIPT', 'EXISTS', shaOf(APPEND), shaOf('nothing')],
    ['EVALSHA', shaOf(APPEND).toUpperCase(), '1', 'b', 'x'],
    ['SCRIPT', 'FLUSH'],
    ['EVALSHA', shaOf(APPEND), '1', 'a', 'x'],
    ['SCRIPT', 'LOAD', APPEND],
    ['EVALSHA', shaOf(APPEND), '1', 'a', 'x'],
    ['GET', 'a'],
  ],
  'wrong arguments': [
    ['EVAL', 'return 1', '1'],
    ['EVAL', 'return 1', '-1'],
    ['EVALSHA', 'short', '0'],
    ['EVALSHA', shaOf(APPEND), 'x'],
    ['SCRIPT'],
    ['SCRIPT', 'LOAD'],
    ['SCRIPT', 'LOAD', 'this is no Lua'],
    ['SCRIPT', 'EXISTS'],
    ['SCRIPT', 'FLUSH', 'NOW'],
    ['SCRIPT', 'KILL'],
    ['FUNCTION', 'LOAD', 'no library'],
    ['FUNCTION', 'DELETE', 'lib'],
    ['FUNCTION', 'FLUSH', 'NOW'],
    ['FUNCTION', 'KILL'],
    ['FUNCTION', 'RESTORE', 'nonsense'],
    ['FUNCTION', 'LIST', 'NOW'],
    ['FCALL', 'nothing', '0'],
  ],
  functions: [
    ['FUNCTION', 'LOAD', LIBRARY],
    ['FUNCTION', 'LOAD', LIBRARY],
    ['FUNCTION', 'LOAD', 'REPLACE', LIBRARY],
    ['FCALL', 'put', '1', 'a', 'x'],
    ['FCALL', 'put', '1', 'b', 'x'],
    ['FCALL_RO', 'put', '1', 'a', 'x'],
    ['FUNCTION', 'LIST'],
    ['FUNCTION', 'LIST', 'LIBRARYNAME', 'l*', 'WITHCODE'],
    ['FUNCTION', 'STATS'],
    ['FUNCTION', 'DUMP'],
    ['FUNCTION', 'DELETE', 'lib'],
    ['FCALL', 'put', '1', 'a', 'x'],
    ['FUNCTION', 'LIST'],
    ['FUNCTION', 'LOAD', LIBRARY],
    ['FUNCTION', 'FLUSH', 'SYNC'],
    ['FUNCTION', 'LIST'],
    ['MGET', 'a', 'b'],
  ],
};

describe.each([2, 3] as const)('in RESP%s as a plain server', (protocol) => {
  test.each(Object.entries(STORIES))('%s', async (_name, commands) => {
    const runs = [proxy.port, plain.port].map(async (port) => {
      const client = await connect(port);
      if (protocol === 3) await client.call('HELLO', '3');
      const replies: string[] = [];
      for (const command of commands) replies.push(await client.text(...command));
      return replies;
    });
    const [ours, theirs] = await Promise.all(runs);
    expect(ours).toEqual(theirs);
  });
});

test('a library with several functions is listed once, in whatever order servers have them', async () => {
  const client = await connect(proxy.port);
  const functions = Array.from(
    { length: 12 },
    (_, n) => `redis.register_function('f${n}', function() end)`,
  );
  await client.call('FUNCTION', 'LOAD', ['#!lua name=many', ...functions].join('\n'));
  for (const protocol of [2, 3]) {
    await client.call('HELLO', protocol);
    const listed = await client.text('FUNCTION', 'LIST', 'WITHCODE');
    expect(listed.match(/library_name/g)).toHaveLength(1);
    expect(listed.match(/f\d+\r\n/g)).toHaveLength(12);
  }
  await client.call('FUNCTION', 'FLUSH');
});

test('what is loaded is on every server', async () => {
  const client = await connect();
  await client.call('SCRIPT', 'LOAD', APPEND);
  await client.call('FUNCTION', 'LOAD', LIBRARY);
  for (const { port } of servers) {
    const server = await connect(port);
    expect(await server.text('SCRIPT', 'EXISTS', shaOf(APPEND))).toBe('*1\r\n:1\r\n');
    expect(await server.text('FUNCTION', 'LIST')).toContain('put');
  }
  const dump = toPlain(decodeReply(await client.call('FUNCTION', 'DUMP'))!.value) as string;
  await client.call('FUNCTION', 'FLUSH');
  await client.call('FUNCTION', 'RESTORE', Buffer.from(dump, 'latin1'));
  for (const key of [KEY, OTHER]) {
    expect(await client.text('FCALL', 'put', '1', key, 'x')).toBe('+OK\r\n');
  }
});

test('a script that only one group was sent is known to all, once it is asked for', async () => {
  const client = await connect();
  await client.call('EVAL', APPEND, '1', KEY, 'x');
  expect(await client.text('SCRIPT', 'EXISTS', shaOf(APPEND))).toBe('*1\r\n:1\r\n');
  const server = await connect(servers[1]!.port);
  expect(await server.text('SCRIPT', 'EXISTS', shaOf(APPEND))).toBe('*1\r\n:1\r\n');
});

test.each(['EVALSHA', 'EVALSHA_RO'])('%s where the server lacks the script', async (name) => {
  const script = "return {KEYS[1], redis.call('exists', KEYS[1])}";
  const client = await connect();
  await client.call('EVAL', script, '1', KEY);
  const answer = (key: string) => `*2\r\n$${key.length}\r\n${key}\r\n:0\r\n`;
  // Another group, which was never sent it.
  expect(await client.text(name, shaOf(script), '1', OTHER)).toBe(answer(OTHER));
  await flushServers();
  expect(await client.text(name, shaOf(script), '1', OTHER)).toBe(answer(OTHER));
  await flushServers();
  await client.call('MULTI');
  await client.call(name, shaOf(script), '1', KEY);
  expect(await client.text('EXEC')).toBe(`*1\r\n${answer(KEY)}`);
});

test('a script goes with a pipeline to a group that lacks it', async () => {
  const client = await connect();
  await client.call('EVAL', APPEND, '1', KEY, 'x');
  const calls = ['a', 'b', 'c'].flatMap((text) => [
    ['EVALSHA', shaOf(APPEND), '1', OTHER, text],
    ['GET', OTHER],
  ]);
  const replies = (await client.pipeline(calls)).map(String);
  expect(replies.filter((_, index) => index % 2 === 1)).toEqual([
    '$1\r\na\r\n',
    '$2\r\nab\r\n',
    '$3\r\nabc\r\n',
  ]);
});

test('a script that nobody has sent is answered NOSCRIPT', async () => {
  const client = await connect();
  expect(await client.text('EVALSHA', shaOf('other'), '1', KEY)).toMatch(/^-NOSCRIPT/);
});

test('a script is called where its slot has moved to', async () => {
  const client = await connect();
  const slotId = slotOf(KEY);
  await client.call('EVAL', APPEND, '1', KEY, 'x');
  const apply = (status: 'pre_migrate' | 'migrate') =>
    proxy.plane.apply({ groups: [], slots: [{ slotId, status, groupId: 2, migrateFrom: 1 }] });
  await apply('pre_migrate');
  const waiting = client.text('EVALSHA', shaOf(APPEND), '1', KEY, 'y');
  await apply('migrate');
  expect(await waiting).toBe(':2\r\n');
  await proxy.plane.apply({ groups: [], slots: [onlineSlot(slotId, 2)] });
  expect(await client.text('EVALSHA', shaOf(APPEND), '1', KEY, 'z')).toBe(':3\r\n');
});

test('a script that does not end is killed', async () => {
  const [client, killer] = [await connect(), await connect()];
  for (const { port } of servers) {
    await (await connect(port)).call('CONFIG', 'SET', 'lua-time-limit', '10');
  }
  const running = client.text('EVAL', 'while true do end', '1', OTHER);
  await eventually('it is killed', async () => {
    return (await killer.text('SCRIPT', 'KILL')) === '+OK\r\n';
  });
  expect(await running).toMatch(/^-ERR .*killed by user/);
  expect(await killer.text('SCRIPT', 'KILL')).toMatch(/^-NOTBUSY/);
});

test('loading within a transaction', async () => {
  const client = await connect();
  await client.call('MULTI');
  await client.call('SCRIPT', 'LOAD', APPEND);
  await client.call('SET', KEY, 'x');
  expect(await client.text('EXEC')).toBe(`*2\r\n$40\r\n${shaOf(APPEND)}\r\n+OK\r\n`);
  expect(await client.text('EVALSHA', shaOf(APPEND), '1', OTHER, 'x')).toBe(':1\r\n');
});
