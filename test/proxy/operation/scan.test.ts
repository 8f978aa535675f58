import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../proxy/operation/scan-cursor.js';
import { decodeReply, type Plain, toPlain } from '../../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { SlotMover } from './slot-mover.js';

let servers: RedisServer[];
let proxies: TestDataPlane[];
let clients: RespClient[];

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const masters = servers.map(({ addr }) => addr);
  proxies = await Promise.all([startDataPlane(masters), startDataPlane(masters)]);
  clients = await Promise.all(proxies.map(({ port }) => RespClient.connect(port)));
});

afterAll(async () => {
  for (const client of clients) client.close();
  for (const proxy of proxies) proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

beforeEach(async () => {
  await clients[0]!.call('FLUSHALL');
});

async function ask(client: RespClient, ...args: (string | number)[]): Promise<Plain> {
  return toPlain(decodeReply(await client.call(...args))!.value);
}

/** All pages of a SCAN, each asked of the next proxy. @param between called before each page */
async function scanAll(
  options: readonly (string | number)[],
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  for (let asked = 0; ; asked++) {
    await between();
    const client = clients[asked % clients.length]!;
    const [next, keys] = (await ask(client, 'SCAN', cursor, ...options)) as [string, string[]];
    found.push(...keys);
    if (next === '0') return found;
    cursor = next;
    expect(asked).toBeLessThan(20_000);
  }
}

async function fill(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => `key:${n}`);
  await clients[0]!.pipeline(names.map((name) => ['SET', name, name]));
  return names.sort();
}

test('SCAN, KEYS, DBSIZE and RANDOMKEY are of all groups', async () => {
  const names = await fill(500);
  expect((await scanAll([])).sort()).toEqual(names);
  expect((await scanAll(['COUNT', 1000])).sort()).toEqual(names);
  expect((await scanAll(['MATCH', 'key:1*'])).sort()).toEqual(
    names.filter((name) => name.startsWith('key:1')),
  );
  await clients[0]!.call('LPUSH', 'a-list', 'x');
  expect(await scanAll(['TYPE', 'list'])).toEqual(['a-list']);
  expect(((await ask(clients[0]!, 'KEYS', 'key:*')) as string[]).sort()).toEqual(names);
  expect(await ask(clients[1]!, 'DBSIZE')).toBe(501);
  const random = new Set<Plain>();
  for (let n = 0; n < 60; n++) random.add(await ask(clients[0]!, 'RANDOMKEY'));
  expect(random.size).toBeGreaterThan(20);
});

test('an empty cluster has no keys', async () => {
  expect(await scanAll([])).toEqual([]);
  expect(await ask(clients[0]!, 'KEYS', '*')).toEqual([]);
  expect(await ask(clients[0]!, 'RANDOMKEY')).toBeNull();
});

test.each([
  ['x', 'ERR invalid cursor'],
  ['-1', 'ERR invalid cursor'],
  ['99999999999999999999999', 'ERR invalid cursor'],
])('SCAN %s is refused', async (cursor, error) => {
  expect(await clients[0]!.text('SCAN', cursor)).toBe(`-${error}\r\n`);
});

test('errors of SCAN are those of Redis', async () => {
  for (const args of [['COUNT', 'x'], ['COUNT', '0'], ['COUNT'], ['NONSENSE', 'x']]) {
    const direct = await RespClient.connect(servers[0]!.port);
    expect(await clients[0]!.text('SCAN', '0', ...args)).toBe(
      await direct.text('SCAN', '0', ...args),
    );
    direct.close();
  }
});

test('a cursor is a number that any proxy can read', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('all' as const, 'sources' as const, 'targets' as const),
      fc.integer({ min: 0, max: 9999 }),
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.integer({ min: -10_000, max: 10_000 }),
      fc.integer({ min: 0, max: 15 }),
      fc.bigInt({ min: 0n, max: 2n ** 28n - 1n }),
      (phase, groupId, beginSeq, ahead, mark, cursor) => {
        const position = { phase, groupId, beginSeq, mark, cursor };
        const text = encodeCursor(position);
        expect(BigInt(text)).toBeGreaterThan(0n);
        expect(BigInt(text)).toBeLessThan(2n ** 64n);
        expect(decodeCursor(text, beginSeq + ahead)).toEqual(position);
        // Some clients take cursors for doubles.
        if (groupId < 128 && cursor < 2n ** 24n) expect(Number(text)).toBeLessThan(2 ** 53);
      },
    ),
  );
});

test('keys that exist throughout are returned while slots move, whichever way', async () => {
  const names = await fill(600);
  let seq = 1;
  const mover = new SlotMover({
    groups: servers.length,
    portOf: (groupId) => servers[groupId - 1]!.port,
    apply: async (change) => {
      seq++;
      await Promise.all(proxies.map(({ plane }) => plane.apply({ ...change, seq })));
    },
  });
  let scans = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1023 }),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 3, max: 60 }),
      async (firstSlot, count, to, stepsAPage, pageSize) => {
        const slots = Array.from({ length: count }, (_, n) => (firstSlot + n) % 1024);
        mover.plan(slots, to, names);
        let pulled = 0;
        const found = await scanAll(['COUNT', pageSize], async () => {
          for (let n = 0; n < stepsAPage; n++) await mover.step();
          // Proxies pull keys besides.
          await clients[pulled % 2]!.call('GET', names[(pulled++ * 37) % names.length]!);
        });
        scans++;
        expect([...new Set(found)].sort()).toEqual(names);
        await mover.finish();
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
  expect(scans).toBe(25);
  console.log(`${scans} scans of ${names.length} keys while slots moved`);
  // The next tests find the slots where they were.
  mover.planReturn(names);
  await mover.finish();
});
