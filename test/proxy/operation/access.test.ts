import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { keyInSlots } from '../../support/keys.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';

/* Users of the servers' access lists through the proxy: they may do what they may on the servers. */

const PASSWORD = 'proxy-password';
const KEY = keyInSlots(0, 511, 'app:');
const OTHER = keyInSlots(512, 1023, 'app:');
const NOPERM = /^-NOPERM /;

let servers: RedisServer[];
let proxy: TestDataPlane;
let clients: RespClient[];
let admin: RespClient;

beforeAll(async () => {
  const args = ['--requirepass', PASSWORD];
  servers = await Promise.all([startRedis(args), startRedis(args)]);
  proxy = await startDataPlane(
    servers.map(({ addr }) => addr),
    { ini: `password=${PASSWORD}\nbackend_wait=200` },
  );
});

afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

beforeEach(async () => {
  clients = [];
  admin = await connect();
  expect(await admin.text('AUTH', PASSWORD)).toBe('+OK\r\n');
  await admin.call('FLUSHALL');
});

afterEach(async () => {
  const names = (await admin.text('ACL', 'USERS')).match(/user-\w+/g) ?? [];
  if (names.length > 0) await admin.call('ACL', 'DELUSER', ...names);
  for (const client of clients) client.close();
});

async function connect(): Promise<RespClient> {
  const client = await RespClient.connect(proxy.port);
  clients.push(client);
  return client;
}

/** A client that is logged in as a user with these rights. */
async function connectAs(name: string, ...rules: readonly string[]): Promise<RespClient> {
  expect(await admin.text('ACL', 'SETUSER', name, 'reset', 'on', '>secret', ...rules)).toBe(
    '+OK\r\n',
  );
  const client = await connect();
  expect(await client.text('AUTH', name, 'secret')).toBe('+OK\r\n');
  return client;
}

test('logs in with AUTH and HELLO, and is told of a wrong password as by Redis', async () => {
  await admin.call('ACL', 'SETUSER', 'user-a', 'on', '>secret', '~*', '+@all');
  const client = await connect();
  const wrong = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
  expect(await client.text('AUTH', 'user-a', 'wrong')).toBe(wrong);
  expect(await client.text('AUTH', 'user-none', 'secret')).toBe(wrong);
  expect(await client.text('HELLO', '3', 'AUTH', 'user-a', 'wrong')).toBe(wrong);
  expect(await client.text('GET', KEY)).toMatch(/^-NOAUTH/);
  expect(await client.text('HELLO', '3', 'AUTH', 'user-a', 'secret')).toMatch(/^%7/);
  expect(await client.text('ACL', 'WHOAMI')).toBe('$6\r\nuser-a\r\n');
  expect(await client.text('CLIENT', 'INFO')).toContain(' user=user-a ');
  expect(await client.text('SET', KEY, 'x')).toBe('+OK\r\n');
  expect(await client.text('GET', OTHER)).toBe('_\r\n');
  expect(await client.text('AUTH', PASSWORD)).toBe('+OK\r\n');
  expect(await client.text('ACL', 'WHOAMI')).toBe('$7\r\ndefault\r\n');
  await client.call('AUTH', 'user-a', 'secret');
  await client.call('RESET');
  expect(await client.text('GET', KEY)).toMatch(/^-NOAUTH/);
  // Of several the last one counts, and is not let in for what another has shown.
  expect(
    await client.text('HELLO', '2', 'AUTH', 'user-a', 'secret', 'AUTH', 'user-a', 'wrong'),
  ).toBe(wrong);
});

/** What somebody who may read and set keys with a prefix may do, and may not. */
const ALLOWED: readonly (readonly Argument[])[] = [
  ['SET', KEY, '1'],
  ['MGET', KEY, OTHER],
  ['EVAL', "return redis.call('get', KEYS[1])", '1', KEY],
  ['MULTI'],
  ['EXEC'],
  ['WATCH', KEY],
  ['PING'],
  ['SELECT', '3'],
];
const DENIED: readonly (readonly Argument[])[] = [
  ['SET', 'elsewhere', '1'],
  ['MGET', KEY, 'elsewhere'],
  ['DEL', KEY],
  ['EVAL', "return redis.call('get', KEYS[1])", '1', 'elsewhere'],
  ['FLUSHALL'],
  ['KEYS', '*'],
  ['SCAN', '0'],
  ['DBSIZE'],
  ['INFO'],
  ['CONFIG', 'GET', 'maxmemory'],
  ['CONFIG', 'SET', 'maxmemory', '0'],
  ['SLOWLOG', 'GET'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'TYPE', 'normal'],
  ['MONITOR'],
  ['SCRIPT', 'FLUSH'],
  ['SCRIPT', 'KILL'],
  ['FUNCTION', 'FLUSH'],
  ['ACL', 'SETUSER', 'user-b', '+@all'],
  ['ACL', 'LIST'],
  ['BLPOP', 'elsewhere', '0'],
  ['WATCH', 'elsewhere'],
  ['SUBSCRIBE', 'channel'],
  ['PUBLISH', 'channel', 'x'],
  ['LATENCY', 'RESET'],
  ['COMMAND', 'COUNT'],
  ['RANDOMKEY'],
];

test.each([2, 3])('has the rights that the servers give, in RESP%i', async (protocol) => {
  const rules = ['~app:*', '+get', '+set', '+mget', '+eval', '+@transaction', '+ping', '+select'];
  const client = await connectAs('user-c', ...rules, 'resetchannels');
  await client.call('HELLO', String(protocol));
  for (const command of ALLOWED) {
    expect(await client.text(...command), command.join(' ')).not.toMatch(/^-/);
  }
  for (const command of DENIED) {
    expect(await client.text(...command), command.join(' ')).toMatch(NOPERM);
  }
  const [piped, , after] = (
    await client.pipeline([
      ['DEL', KEY],
      ['SET', KEY, '2'],
      ['GET', KEY],
    ])
  ).map(String);
  expect(piped).toMatch(NOPERM);
  expect(after).toBe('$1\r\n2\r\n');
});

test('within a transaction, watched or not', async () => {
  const client = await connectAs('user-d', '~app:*', '+get', '+set', '+@transaction');
  for (const watched of [false, true]) {
    if (watched) await client.call('WATCH', KEY);
    await client.call('MULTI');
    await client.call('SET', KEY, 'x');
    await client.call('INFO');
    const done = await client.text('EXEC');
    expect(done).toMatch(/^\*2\r\n\+OK\r\n-NOPERM /);
    if (watched) await client.call('WATCH', KEY);
    await client.call('MULTI');
    await client.call('DEL', KEY);
    await client.call('SET', KEY, 'y');
    expect(await client.text('EXEC')).toMatch(/^-EXECABORT .*NOPERM/);
  }
  expect(await client.text('GET', KEY)).toBe('$1\r\nx\r\n');
  const unable = await connectAs('user-e', '~*', '+@all', '-multi');
  expect(await unable.text('MULTI')).toMatch(NOPERM);
});

test('tracks no keys', async () => {
  const client = await connectAs('user-j', '~*', '+@all');
  await client.call('HELLO', '3');
  expect(await client.text('CLIENT', 'TRACKING', 'ON')).toMatch(/^-ERR .*'default'/);
  await admin.call('HELLO', '3');
  expect(await admin.text('CLIENT', 'TRACKING', 'ON')).toBe('+OK\r\n');
  expect(await admin.text('AUTH', 'user-j', 'secret')).toMatch(/^-ERR .*'default'/);
  expect(await admin.text('ACL', 'WHOAMI')).toContain('default');
});

test('what it waits for must be at one server', async () => {
  const client = await connectAs('user-f', '~app:*', '+blpop');
  const waiting = client.text('BLPOP', KEY, '0');
  await admin.call('RPUSH', KEY, 'x');
  expect(await waiting).toContain('\r\nx\r\n');
  expect(await client.text('BLPOP', KEY, OTHER, '0')).toMatch(/^-CROSSSLOT/);
});

test('a user that is deleted can do nothing any more, nor keeps a connection', async () => {
  const client = await connectAs('user-g', '~*', '+@all');
  await client.call('SET', KEY, 'x');
  // Behind the proxy's back.
  for (const { port } of servers) {
    const direct = await RespClient.connect(port);
    await direct.call('AUTH', PASSWORD);
    await direct.call('ACL', 'DELUSER', 'user-g');
    direct.close();
  }
  await eventually('it is refused', async () => /^-WRONGPASS/.test(await client.text('GET', KEY)));
  expect(await client.text('INFO')).toMatch(NOPERM);
  await eventually('only connections of the proxy are left', () =>
    proxy.plane
      .stats()
      .backends.every(({ state, inFlight }) => state === 'ready' && inFlight === 0),
  );
  const cut = await connectAs('user-h', '~*', '+@all');
  expect(await admin.text('ACL', 'DELUSER', 'user-h')).toBe(':1\r\n');
  await cut.closed;
});

test('the proxy keeps its own user to itself', async () => {
  const own = /^-ERR the user 'default' is the proxy's own/;
  expect(await admin.text('ACL', 'SETUSER', 'default', 'off')).toMatch(own);
  expect(await admin.text('ACL', 'DELUSER', 'user-x', 'default')).toMatch(own);
  expect(await admin.text('ACL', 'SETUSER', 'user-i', 'nonsense')).toMatch(/^-ERR Error in ACL/);
  expect(await admin.text('ACL', 'GETUSER', 'user-none')).toBe('$-1\r\n');
  expect(await admin.text('ACL', 'DRYRUN', 'default', 'GET', 'x')).toBe('+OK\r\n');
});
