import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { slotOf } from '../../../../cluster/slot-hash.js';
import type { SlotRoute } from '../../../../proxy/router/topology-change.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { type Argument, RespClient } from '../../../support/resp-client.js';

/** In slots of the first group and of the second one. */
const KEY = keyInSlots(0, 511);
const OTHER = keyInSlots(512, 1023);
const ABORTED = '*-1\r\n';

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
  proxy = await startDataPlane(
    servers.map(({ addr }) => addr),
    { ini: 'backend_timeout=2000\n' },
  );
  for (const { port } of [plain, ...servers]) await (await connect(port)).call('FLUSHALL');
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

type Step = readonly [client: 'a' | 'b', ...command: Argument[]];

const STORIES: { readonly [name: string]: readonly Step[] } = {
  'nobody changes it': [
    ['a', 'SET', 'k', '1'],
    ['a', 'WATCH', 'k'],
    ['a', 'GET', 'k'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
    ['a', 'GET', 'k'],
  ],
  'another changes it': [
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
    ['a', 'GET', 'k'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
  ],
  'another changes it after MULTI': [
    ['a', 'WATCH', 'k'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'EXEC'],
  ],
  'the client itself changes it': [
    ['a', 'WATCH', 'k'],
    ['a', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'PING'],
    ['a', 'EXEC'],
  ],
  'several keys, and several times': [
    ['a', 'WATCH', '{t}1', '{t}2'],
    ['a', 'WATCH', '{t}3'],
    ['b', 'SET', '{t}4', 'x'],
    ['a', 'MULTI'],
    ['a', 'SET', '{t}1', 'x'],
    ['a', 'EXEC'],
    ['a', 'WATCH', '{t}1', '{t}2'],
    ['a', 'WATCH', '{t}3'],
    ['b', 'SET', '{t}3', 'x'],
    ['a', 'MULTI'],
    ['a', 'SET', '{t}1', 'y'],
    ['a', 'EXEC'],
  ],
  UNWATCH: [
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'UNWATCH'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
    ['a', 'UNWATCH'],
  ],
  'DISCARD forgets what is watched': [
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'DISCARD'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
  ],
  'a faulty transaction': [
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'NOSUCH'],
    ['a', 'EXEC'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
  ],
  'nothing to be executed': [
    ['a', 'WATCH', 'k'],
    ['a', 'MULTI'],
    ['a', 'EXEC'],
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'EXEC'],
  ],
  'commands without keys': [
    ['a', 'WATCH', 'k'],
    ['a', 'MULTI'],
    ['a', 'PING'],
    ['a', 'SET', 'k', '1'],
    ['a', 'ECHO', 'x'],
    ['a', 'EXEC'],
  ],
  'EXEC and DISCARD without MULTI': [
    ['a', 'WATCH', 'k'],
    ['a', 'EXEC'],
    ['a', 'DISCARD'],
    ['b', 'SET', 'k', '2'],
    ['a', 'MULTI'],
    ['a', 'EXEC'],
  ],
  FLUSHALL: [
    ['a', 'SET', 'k', '1'],
    ['a', 'WATCH', 'k'],
    ['b', 'FLUSHALL'],
    ['a', 'MULTI'],
    ['a', 'PING'],
    ['a', 'EXEC'],
  ],
  'other databases': [
    ['a', 'SELECT', '5'],
    ['a', 'WATCH', 'k'],
    ['a', 'SELECT', '1'],
    ['a', 'SET', 'k', '1'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
    ['a', 'WATCH', 'k'],
    ['a', 'SELECT', '5'],
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '1'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
    ['a', 'WATCH', 'k'],
    ['b', 'SELECT', '5'],
    ['b', 'SET', 'k', '1'],
    ['a', 'MULTI'],
    ['a', 'INCR', 'k'],
    ['a', 'EXEC'],
  ],
  RESET: [
    ['a', 'WATCH', 'k'],
    ['b', 'SET', 'k', '2'],
    ['a', 'RESET'],
    ['a', 'MULTI'],
    ['a', 'GET', 'k'],
    ['a', 'EXEC'],
  ],
  'too few arguments': [
    ['a', 'WATCH'],
    ['a', 'UNWATCH', 'k'],
  ],
};

describe.each([2, 3] as const)('in RESP%s as a plain server', (protocol) => {
  test.each(Object.entries(STORIES))('%s', async (_name, steps) => {
    const runs = [proxy.port, plain.port].map(async (port) => {
      const both = { a: await connect(port), b: await connect(port) };
      if (protocol === 3) await both.a.call('HELLO', '3');
      const replies: string[] = [];
      for (const [name, ...command] of steps) replies.push(await both[name].text(...command));
      return replies;
    });
    const [ours, theirs] = await Promise.all(runs);
    expect(ours).toEqual(theirs);
  });
});

test('keys of several slots cannot be watched together', async () => {
  const client = await connect();
  expect(await client.text('WATCH', KEY, OTHER)).toMatch(/^-CROSSSLOT/);
  expect(await client.text('WATCH', KEY)).toBe('+OK\r\n');
  expect(await client.text('WATCH', OTHER)).toMatch(/^-CROSSSLOT/);
  expect(await client.text('MULTI')).toBe('+OK\r\n');
  expect(await client.text('SET', OTHER, '1')).toMatch(/^-CROSSSLOT/);
  expect(await client.text('EXEC')).toMatch(/^-EXECABORT/);
});

test('connections are used again', async () => {
  const client = await connect();
  const server = servers[0]!;
  const connections = async (): Promise<number> => {
    const list = await (await connect(server.port)).text('CLIENT', 'LIST');
    return list.split('\n').filter((line) => line.includes('name=codis')).length;
  };
  const rounds = async (end: string): Promise<void> => {
    for (let round = 0; round < 40; round++) {
      await client.call('WATCH', KEY);
      if (end === 'UNWATCH') await client.call('UNWATCH');
      else {
        await client.call('MULTI');
        await client.call('SET', KEY, round);
        expect(await client.text('EXEC')).toBe('*1\r\n+OK\r\n');
      }
    }
  };
  await rounds('EXEC');
  const before = await connections();
  await rounds('EXEC');
  await rounds('UNWATCH');
  // Given back a moment after UNWATCH was answered.
  expect(await connections()).toBeLessThanOrEqual(before + 10);
});

describe('while the slot changes hands', () => {
  const slotId = slotOf(KEY);
  const apply = (slot: SlotRoute): Promise<void> =>
    proxy.plane.apply({ groups: [], slots: [slot] });
  const preMigrate: SlotRoute = { slotId, status: 'pre_migrate', groupId: 2, migrateFrom: 1 };
  const migrate: SlotRoute = { slotId, status: 'migrate', groupId: 2, migrateFrom: 1 };

  test('a transaction is aborted if the slot is held in between', async () => {
    const client = await connect();
    await client.call('WATCH', KEY);
    await apply(preMigrate);
    await client.call('MULTI');
    await client.call('SET', KEY, '1');
    expect(await client.text('EXEC')).toBe(ABORTED);
    await apply(migrate);
    await apply(onlineSlot(slotId, 2));
    expect(await client.text('GET', KEY)).toBe('$-1\r\n');
  });

  test('WATCH waits for a slot that is held, then watches where the keys are', async () => {
    const [client, other] = [await connect(), await connect()];
    await client.call('SET', KEY, '1');
    await apply(preMigrate);
    const watching = client.text('WATCH', KEY);
    await apply(migrate);
    expect(await watching).toBe('+OK\r\n');
    const target = await connect(servers[1]!.port);
    expect(await target.text('GET', KEY)).toBe('$1\r\n1\r\n');
    await client.call('MULTI');
    await client.call('INCR', KEY);
    expect(await client.text('EXEC')).toBe('*1\r\n:2\r\n');
    await client.call('WATCH', KEY);
    await other.call('INCR', KEY);
    await client.call('MULTI');
    await client.call('INCR', KEY);
    expect(await client.text('EXEC')).toBe(ABORTED);
    expect(await client.text('GET', KEY)).toBe('$1\r\n3\r\n');
  });

  test('keys of a transaction that are still at the source come with it', async () => {
    const tag = `{${KEY}}`;
    const client = await connect();
    for (const name of ['a', 'b', 'c', 'd']) await client.call('SET', name + tag, name);
    await apply(preMigrate);
    await apply(migrate);
    await client.call('WATCH', `a${tag}`);
    await client.call('MULTI');
    await client.call('APPEND', `b${tag}`, '!');
    await client.call('EVAL', "return redis.call('append', KEYS[1], '!')", '1', `c${tag}`);
    expect(await client.text('EXEC')).toBe('*2\r\n:2\r\n:2\r\n');
    await client.call('MULTI');
    await client.call('APPEND', `d${tag}`, '!');
    await client.call('RENAME', `c${tag}`, `b${tag}`);
    expect(await client.text('EXEC')).toBe('*2\r\n:2\r\n+OK\r\n');
    expect(await client.text('GET', `b${tag}`)).toBe('$2\r\nc!\r\n');
  });

  test('a change waits for EXEC', async () => {
    const [client, busy] = [await connect(), await connect(servers[0]!.port)];
    await client.call('WATCH', KEY);
    await client.call('MULTI');
    await client.call('SET', KEY, '1');
    const order: string[] = [];
    busy.send('*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$3\r\n0.3\r\n');
    const executed = client.text('EXEC').then((reply) => {
      order.push('executed');
      return reply;
    });
    await eventually('EXEC is under way', async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return true;
    });
    await apply(preMigrate);
    order.push('changed');
    expect(await executed).toBe('*1\r\n+OK\r\n');
    expect(order).toEqual(['executed', 'changed']);
    await busy.reply();
  });
});

test('a master that goes away aborts', async () => {
  const server = await startRedis();
  const own = await startDataPlane([server.addr]);
  try {
    const client = await connect(own.port);
    await client.call('WATCH', 'k');
    await server.stop();
    await client.call('MULTI');
    await client.call('SET', 'k', '1');
    expect(await client.text('EXEC')).toBe(ABORTED);
    expect(await client.text('WATCH', 'k')).toMatch(/^-ERR slot \d+ group 1: .*ECONNREFUSED/);
    expect(await client.text('PING')).toBe('+PONG\r\n');
  } finally {
    own.close();
    await server.stop();
  }
});

test('a client that goes away gives its connection back', async () => {
  const client = await connect();
  await client.call('WATCH', KEY);
  const watching = async (): Promise<boolean> => {
    const list = await (await connect(servers[0]!.port)).text('CLIENT', 'LIST');
    return / cmd=watch/.test(list);
  };
  expect(await watching()).toBe(true);
  client.close();
  await eventually('nobody watches', async () => !(await watching()));
});
