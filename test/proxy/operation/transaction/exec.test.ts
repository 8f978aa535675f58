import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { type Argument, RespClient } from '../../../support/resp-client.js';

let servers: RedisServer[];
let plain: RedisServer;
let proxy: TestDataPlane;

beforeAll(async () => {
  [plain, ...servers] = await Promise.all([startRedis(), startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterAll(async () => {
  proxy.close();
  await Promise.all([plain, ...servers].map((server) => server.stop()));
});

beforeEach(async () => {
  for (const { port } of [plain, ...servers]) {
    const client = await RespClient.connect(port);
    await client.call('FLUSHALL');
    client.close();
  }
});

/** The replies of the proxy and of a plain server to the same commands, one after the other. */
async function both(
  protocol: 2 | 3,
  commands: readonly (readonly Argument[])[],
): Promise<readonly [proxy: string[], plain: string[]]> {
  const [ours, theirs] = await Promise.all(
    [proxy.port, plain.port].map(async (port) => {
      const client = await RespClient.connect(port);
      if (protocol === 3) await client.call('HELLO', '3');
      const replies: string[] = [];
      for (const command of commands) replies.push(await client.text(...command));
      client.close();
      return replies;
    }),
  );
  return [ours!, theirs!];
}

const STORIES: { readonly [name: string]: readonly (readonly Argument[])[] } = {
  'commands on keys': [
    ['MULTI'],
    ['SET', '{t}a', '1'],
    ['INCR', '{t}a'],
    ['GET', '{t}a'],
    ['MGET', '{t}a', '{t}b'],
    ['HGETALL', '{t}h'],
    ['ZADD', '{t}z', '1.5', 'm'],
    ['ZSCORE', '{t}z', 'm'],
    ['EXEC'],
    ['GET', '{t}a'],
  ],
  'an empty transaction': [['MULTI'], ['EXEC'], ['EXEC'], ['MULTI'], ['DISCARD'], ['DISCARD']],
  'commands without keys among those with keys': [
    ['MULTI'],
    ['PING'],
    ['SET', 'a', '1'],
    ['ECHO', 'x'],
    ['CLIENT', 'SETNAME', 'me'],
    ['CLIENT', 'GETNAME'],
    ['INCR', 'a'],
    ['PING', 'y'],
    ['EVAL', 'return 7', '0'],
    ['EXEC'],
  ],
  'only commands without keys': [['MULTI'], ['PING'], ['ECHO', 'x'], ['EXEC']],
  'an error in the execution': [
    ['SET', '{t}s', 'text'],
    ['MULTI'],
    ['INCR', '{t}s'],
    ['SET', '{t}n', '1'],
    ['LPUSH', '{t}s', 'x'],
    ['EXEC'],
    ['GET', '{t}n'],
  ],
  'an unknown command': [['MULTI'], ['NOSUCH', 'x'], ['SET', 'a', '1'], ['EXEC'], ['GET', 'a']],
  'too few arguments': [['MULTI'], ['SET', 'a'], ['EXEC'], ['PING']],
  'an unknown subcommand': [['MULTI'], ['CLIENT', 'NOSUCH'], ['EXEC']],
  'MULTI in MULTI': [['MULTI'], ['MULTI'], ['SET', 'a', '1'], ['EXEC'], ['GET', 'a']],
  'WATCH in MULTI': [['MULTI'], ['WATCH', 'a'], ['SET', 'a', '1'], ['EXEC']],
  'UNWATCH in MULTI': [['WATCH', 'a'], ['MULTI'], ['UNWATCH'], ['SET', 'a', '1'], ['EXEC']],
  'arguments for EXEC': [['MULTI'], ['EXEC', 'now'], ['EXEC'], ['EXEC']],
  'SAVE and SHUTDOWN': [['MULTI'], ['SAVE'], ['EXEC'], ['MULTI'], ['SHUTDOWN'], ['EXEC']],
  'blocking commands do not block': [
    ['MULTI'],
    ['BLPOP', '{t}l', '0'],
    ['BRPOPLPUSH', '{t}l', '{t}m', '0'],
    ['BLMOVE', '{t}l', '{t}m', 'LEFT', 'LEFT', '0'],
    ['BZPOPMIN', '{t}z', '0'],
    ['XREAD', 'BLOCK', '0', 'STREAMS', '{t}s', '$'],
    ['WAIT', '1', '0'],
    ['EXEC'],
  ],
  'another database': [
    ['SET', 'a', 'zero'],
    ['MULTI'],
    ['SELECT', '3'],
    ['SET', 'a', 'three'],
    ['GET', 'a'],
    ['EXEC'],
    ['GET', 'a'],
    ['SELECT', '0'],
    ['GET', 'a'],
  ],
  'a database that there is not': [['MULTI'], ['SELECT', '99'], ['SET', 'a', '1'], ['EXEC']],
  'the whole keyspace': [
    ['SET', 'a', '1'],
    ['SET', 'b', '1'],
    ['MULTI'],
    ['DBSIZE'],
    ['FLUSHALL'],
    ['DBSIZE'],
    ['EXEC'],
  ],
  'the keyspace before and after': [
    ['SET', 'b', '1'],
    ['MULTI'],
    ['DBSIZE'],
    ['SET', 'a', '1'],
    ['EXEC'],
    ['MULTI'],
    ['DEL', 'a'],
    ['DBSIZE'],
    ['EXEC'],
  ],
  RESET: [['MULTI'], ['SET', 'a', '1'], ['RESET'], ['EXEC'], ['GET', 'a']],
  'binary arguments': [
    ['MULTI'],
    ['SET', Buffer.from([0, 255, 13, 10]), Buffer.from([13, 10, 0])],
    ['GET', Buffer.from([0, 255, 13, 10])],
    ['EXEC'],
  ],
  'the client names itself with no effect before EXEC': [
    ['MULTI'],
    ['CLIENT', 'SETNAME', 'me'],
    ['DISCARD'],
    ['CLIENT', 'GETNAME'],
  ],
};

describe.each([2, 3] as const)('in RESP%s as a plain server', (protocol) => {
  test.each(Object.entries(STORIES))('%s', async (_name, commands) => {
    const [ours, theirs] = await both(protocol, commands);
    expect(ours).toEqual(theirs);
  });
});

test('QUIT in MULTI', async () => {
  const client = await RespClient.connect(proxy.port);
  await client.call('MULTI');
  await client.call('SET', 'a', '1');
  client.send('QUIT\r\n');
  expect(String(await client.untilClosed())).toBe('+OK\r\n');
});

test('keys of several slots are refused as they are queued', async () => {
  const [a, b] = [keyInSlots(0, 511), keyInSlots(512, 1023)];
  const client = await RespClient.connect(proxy.port);
  const crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
  for (const command of [
    ['SET', b, '1'],
    ['DEL', a, b],
  ]) {
    await client.call('MULTI');
    expect(await client.text('SET', a, '1')).toBe('+QUEUED\r\n');
    expect(await client.text(...command)).toBe(crossSlot);
    expect(await client.text('EXEC')).toMatch(/^-EXECABORT/);
    expect(await client.text('EXISTS', a, b)).toBe(':0\r\n');
  }
  client.close();
});

test.each([
  [['FLUSHALL'], ['SET', 'a', '1']],
  [['SET', 'a', '1'], ['FLUSHDB']],
  [['SET', 'a', '1'], ['DBSIZE'], ['DEL', 'a']],
  [['SELECT', '1'], ['FLUSHDB']],
  [
    ['SET', 'a', '1'],
    ['SELECT', '1'],
    ['SET', 'a', '2'],
  ],
])('what cannot be atomic is refused: %j', async (...commands) => {
  const client = await RespClient.connect(proxy.port);
  await client.call('SET', 'kept', '1');
  await client.call('MULTI');
  const replies = [];
  for (const command of commands) replies.push(await client.text(...command));
  expect(replies.at(-1)).toMatch(/^-ERR .*transaction/);
  expect(await client.text('EXEC')).toMatch(/^-EXECABORT/);
  expect(await client.text('GET', 'kept')).toBe('$1\r\n1\r\n');
  client.close();
});

test('a pipeline of transactions keeps its order', async () => {
  const client = await RespClient.connect(proxy.port);
  const commands: Argument[][] = [];
  for (let round = 0; round < 20; round++) {
    commands.push(['INCR', `n${round % 3}`], ['MULTI'], ['INCR', `n${round % 3}`]);
    if (round % 4 === 0) commands.push(['PING']);
    commands.push(['EXEC'], ['GET', `n${round % 3}`]);
  }
  const replies = (await client.pipeline(commands)).map(String);
  let at = 0;
  const counts = [0, 0, 0];
  for (let round = 0; round < 20; round++) {
    const count = ++counts[round % 3]!;
    expect(replies[at++]).toBe(`:${2 * count - 1}\r\n`);
    expect(replies[at++]).toBe('+OK\r\n');
    expect(replies[at++]).toBe('+QUEUED\r\n');
    if (round % 4 === 0) expect(replies[at++]).toBe('+QUEUED\r\n');
    const pong = round % 4 === 0 ? '+PONG\r\n' : '';
    expect(replies[at++]).toBe(`*${pong ? 2 : 1}\r\n:${2 * count}\r\n${pong}`);
    const text = String(2 * count);
    expect(replies[at++]).toBe(`$${text.length}\r\n${text}\r\n`);
  }
  client.close();
});

test('a client that waits for QUEUED is told what the server refuses', async () => {
  const key = keyInSlots(0, 511);
  const tell = async (server: RedisServer, maxmemory: string): Promise<void> => {
    const admin = await RespClient.connect(server.port);
    await admin.call('CONFIG', 'SET', 'maxmemory', maxmemory);
    admin.close();
  };
  for (const maxmemory of ['1', '0']) {
    await Promise.all([tell(plain, maxmemory), tell(servers[0]!, maxmemory)]);
    const commands = [['MULTI'], ['GET', key], ['SET', key, '1'], ['GET', key], ['EXEC']];
    const [ours, theirs] = await both(2, [...commands, ['GET', key], ['DEL', key]]);
    expect(ours).toEqual(theirs);
    expect(ours[2]).toMatch(maxmemory === '1' ? /^-OOM/ : /^\+QUEUED/);
  }
});

test('a client that sends all at once is told the reason of an abort', async () => {
  const key = keyInSlots(0, 511);
  const admin = await RespClient.connect(servers[0]!.port);
  const client = await RespClient.connect(proxy.port);
  await admin.call('CONFIG', 'SET', 'maxmemory', '1');
  const transaction = [['MULTI'], ['SET', key, '1'], ['EXEC']];
  const told = /^-EXECABORT .*because of: OOM command not allowed/;
  expect(String((await client.pipeline(transaction)).at(-1))).toMatch(told);
  await client.call('WATCH', key);
  expect(String((await client.pipeline(transaction)).at(-1))).toMatch(told);
  await admin.call('CONFIG', 'SET', 'maxmemory', '0');
  admin.close();
  client.close();
});

test('what only reads is executed by a server without memory, as it was queued before', async () => {
  const key = keyInSlots(0, 511);
  const admin = await RespClient.connect(servers[0]!.port);
  const client = await RespClient.connect(proxy.port);
  await client.call('SET', key, 'x');
  for (const command of [
    ['GET', key],
    ['INCR', key],
  ]) {
    await client.call('MULTI');
    await client.call(...command);
    await client.call('PING');
    await admin.call('CONFIG', 'SET', 'maxmemory', '1');
    const told = command[0] === 'GET' ? /^\*2\r\n\$1\r\nx\r\n\+PONG\r\n$/ : /^-EXECABORT .*OOM/;
    expect(await client.text('EXEC')).toMatch(told);
    await admin.call('CONFIG', 'SET', 'maxmemory', '0');
  }
  admin.close();
  client.close();
});

test('an EXEC that the server refuses itself', async () => {
  const key = keyInSlots(0, 511);
  const admin = await RespClient.connect(servers[0]!.port);
  const client = await RespClient.connect(proxy.port);
  await client.call('MULTI');
  await client.call('SET', key, '1');
  await admin.call('CONFIG', 'SET', 'maxmemory', '1');
  expect(await client.text('EXEC')).toMatch(/^-EXECABORT .*because of: OOM command not allowed/);
  await admin.call('CONFIG', 'SET', 'maxmemory', '0');
  admin.close();
  client.close();
});

test('a message goes to those who listen, from a transaction on keys elsewhere', async () => {
  const [client, listener] = [
    await RespClient.connect(proxy.port),
    await RespClient.connect(proxy.port),
  ];
  for (const [key, channel] of [
    [keyInSlots(0, 511), keyInSlots(512, 1023)],
    [keyInSlots(512, 1023), keyInSlots(0, 511)],
  ] as const) {
    await listener.call('SUBSCRIBE', channel);
    await client.call('MULTI');
    await client.call('PUBLISH', channel, 'before');
    await client.call('SET', key, '1');
    await client.call('PUBLISH', channel, 'after');
    expect(await client.text('EXEC')).toBe('*3\r\n:1\r\n+OK\r\n:1\r\n');
    const messages = (await listener.replies(2)).map(String);
    expect(messages[0]).toContain('before');
    expect(messages[1]).toContain('after');
  }
  client.close();
  listener.close();
});
