import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { RespClient } from '../../../support/resp-client.js';

/*
 * While a script runs for longer than `busy-reply-threshold` a Redis answers everybody else with BUSY.
 * Through the proxy that is what clients get of that group, and only of that one.
 */

const KEY = keyInSlots(0, 511);
const OTHER = keyInSlots(512, 1023);
const FOR_EVER = 'while true do end';
const WRITES_FOR_EVER = "redis.call('set', KEYS[1], 'x') while true do end";

let servers: RedisServer[];
let proxy: TestDataPlane;
let clients: RespClient[];

beforeAll(async () => {
  servers = await Promise.all([startServer(), startServer()]);
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

beforeEach(async () => {
  clients = [];
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterEach(async () => {
  const killer = await connect();
  await eventually('no script runs', async () =>
    (await killer.text('SCRIPT', 'KILL')).startsWith('-NOTBUSY'),
  );
  for (const client of clients) client.close();
  proxy.close();
});

function startServer(): Promise<RedisServer> {
  return startRedis(['--busy-reply-threshold', '20']);
}

/** One that has done more than a health check does. */
async function connect(port = proxy.port): Promise<RespClient> {
  const client = await RespClient.connect(port);
  clients.push(client);
  await client.call('CLIENT', 'LIST');
  return client;
}

/** Begins a script and waits until its server is busy with it. @returns its reply, to come */
async function beginScript(key: string, script = FOR_EVER): Promise<() => Promise<string>> {
  const client = await connect();
  const running = client.text('EVAL', script, '1', key);
  const server = servers[key === KEY ? 0 : 1]!;
  const direct = await connect(server.port);
  await eventually('the server is busy', async () =>
    (await direct.text('PING')).startsWith('-BUSY'),
  );
  return () => running;
}

test('its own group is busy, the others are not, and its client is told of its end', async () => {
  const client = await connect();
  const ended = await beginScript(KEY);
  expect(await client.text('GET', KEY)).toMatch(/^-BUSY Redis is busy running a script/);
  expect(await client.text('SET', OTHER, 'x')).toBe('+OK\r\n');
  expect(await client.text('MGET', KEY, OTHER)).toMatch(/^-BUSY/);
  expect(await client.text('BLPOP', KEY, '0')).toMatch(/^-BUSY/);
  expect(await client.text('EVAL', 'return 1', '1', KEY)).toMatch(/^-BUSY/);
  expect(await client.text('EVAL', 'return 1', '1', OTHER)).toBe(':1\r\n');
  expect(await client.text('SCRIPT', 'KILL')).toBe('+OK\r\n');
  expect(await ended()).toMatch(/^-ERR .*killed by user/);
  expect(await client.text('GET', KEY)).toBe('$-1\r\n');
});

test('a database that has no connection yet is busy, too', async () => {
  const client = await connect();
  const ended = await beginScript(KEY);
  await client.call('SELECT', '7');
  expect(await client.text('GET', KEY)).toMatch(/^-BUSY/);
  await client.call('SCRIPT', 'KILL');
  await ended();
  await eventually('it is served', async () => (await client.text('GET', KEY)) === '$-1\r\n');
});

test('PING tells of it, but not a health check', async () => {
  const client = await connect();
  const ended = await beginScript(OTHER);
  expect(await client.text('PING')).toMatch(/^-BUSY/);
  expect(await client.text('PING', 'a', 'b')).toMatch(/^-ERR wrong number of arguments/);
  const check = await RespClient.connect(proxy.port);
  clients.push(check);
  expect(await check.text('PING')).toBe('+PONG\r\n');
  await client.call('SCRIPT', 'KILL');
  await ended();
  expect(await client.text('PING', 'there?')).toBe('$6\r\nthere?\r\n');
});

test('a transaction is aborted, and says why', async () => {
  const client = await connect();
  await client.call('MULTI');
  await client.call('INCR', KEY);
  const ended = await beginScript(KEY);
  expect(await client.text('INCR', KEY)).toMatch(/^-BUSY/);
  expect(await client.text('EXEC')).toMatch(/^-EXECABORT .*BUSY/);
  await client.call('SCRIPT', 'KILL');
  await ended();
  expect(await client.text('EXISTS', KEY)).toBe(':0\r\n');
});

test('a script within a transaction holds nobody up', async () => {
  const [client, other] = [await connect(), await connect()];
  await client.call('MULTI');
  await client.call('EVAL', FOR_EVER, '1', KEY);
  const ended = client.text('EXEC');
  await eventually('the group is busy', async () =>
    (await other.text('GET', KEY)).startsWith('-BUSY'),
  );
  expect(await other.text('SCRIPT', 'KILL')).toBe('+OK\r\n');
  expect(await ended).toMatch(/^\*1\r\n-ERR .*killed by user/);
});

test('functions as well', async () => {
  const client = await connect();
  const library = `#!lua name=lib\nredis.register_function('forever', function() ${FOR_EVER} end)`;
  await client.call('FUNCTION', 'LOAD', 'REPLACE', library);
  const caller = await connect();
  const ended = caller.text('FCALL', 'forever', '1', OTHER);
  await eventually('busy', async () => (await client.text('GET', OTHER)).startsWith('-BUSY'));
  expect(await client.text('SCRIPT', 'KILL')).toMatch(/^-BUSY .*FUNCTION KILL/);
  expect(await client.text('FUNCTION', 'STATS')).toContain('forever');
  expect(await client.text('FUNCTION', 'KILL')).toBe('+OK\r\n');
  expect(await ended).toMatch(/^-ERR .*killed by user/);
  expect(await client.text('FUNCTION', 'KILL')).toMatch(/^-NOTBUSY/);
});

test('a script that has written is not killed; one elsewhere is, which does not hide it', async () => {
  const unkillable = await startServer();
  const both = await startDataPlane([servers[0]!.addr, unkillable.addr]);
  try {
    const [writer, reader, killer] = await Promise.all([1, 2, 3].map(() => connect(both.port)));
    void writer!.text('EVAL', WRITES_FOR_EVER, '1', OTHER).catch(() => {});
    const ended = reader!.text('EVAL', FOR_EVER, '1', KEY);
    await eventually('both are busy', async () => {
      const replies = [await killer!.text('GET', KEY), await killer!.text('GET', OTHER)];
      return replies.every((reply) => reply.startsWith('-BUSY'));
    });
    expect(await killer!.text('SCRIPT', 'KILL')).toMatch(
      /^-UNKILLABLE .*\(group 2; killed in group 1\)/,
    );
    expect(await ended).toMatch(/killed by user/);
    expect(await killer!.text('SCRIPT', 'KILL')).toMatch(/^-UNKILLABLE/);
  } finally {
    await unkillable.stop();
    both.close();
  }
});

test('its client waits for longer than a server may take to answer', async () => {
  const patient = await startDataPlane(
    servers.map(({ addr }) => addr),
    { ini: 'backend_timeout=300' },
  );
  try {
    const client = await connect(patient.port);
    const script = `
      local function now() local t = redis.call('time') return t[1] * 1000 + t[2] / 1000 end
      local till = now() + 1500
      while now() < till do end
      return 'done'`;
    expect(await client.text('EVAL', script, '1', KEY)).toBe('$4\r\ndone\r\n');
    expect(patient.plane.stats().backends.map(({ reconnects }) => reconnects)).toEqual([0, 0]);
  } finally {
    patient.close();
  }
});

test('scripts and other commands of one client keep their order', async () => {
  const client = await connect();
  const append = "return redis.call('append', KEYS[1], ARGV[1])";
  const commands = Array.from({ length: 300 }, (_, index) => {
    const key = index % 3 === 0 ? OTHER : KEY;
    const isScript = Math.floor(index / 5) % 2 === 0;
    const text = `${index},`;
    return isScript ? ['EVAL', append, '1', key, text] : ['APPEND', key, text];
  });
  await client.call('DEL', KEY, OTHER);
  await client.pipeline(commands);
  for (const key of [KEY, OTHER]) {
    const expected = commands.filter((command) => command.includes(key)).map((args) => args.at(-1));
    expect(await client.text('GET', key)).toContain(`\r\n${expected.join('')}\r\n`);
  }
  client.send(`EVAL "return 'inline'" 0\r\nAPPEND ${KEY} x\r\nEVAL "return 2" 0\r\nPING\r\n`);
  const [first, , third, fourth] = (await client.replies(4)).map(String);
  expect([first, third, fourth]).toEqual(['$6\r\ninline\r\n', ':2\r\n', '+PONG\r\n']);
});
