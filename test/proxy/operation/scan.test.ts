import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { slotOfKey } from '../../../cluster/slot-hash.js';
import { decodeCursor, encodeCursor } from '../../../proxy/operation/scan-cursor.js';
import type { SlotRoute } from '../../../proxy/router/topology-change.js';
import { decodeReply, type Plain, toPlain } from '../../../resp/decode.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { encodeCommand, RespClient } from '../../support/resp-client.js';

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
      fc.integer({ min: -20_000, max: 20_000 }),
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
      (phase, groupId, beginSeq, ahead, cursor) => {
        const text = encodeCursor({ phase, groupId, beginSeq, cursor });
        expect(BigInt(text)).toBeGreaterThan(0n);
        expect(BigInt(text)).toBeLessThan(2n ** 64n);
        expect(decodeCursor(text, beginSeq + ahead)).toEqual({ phase, groupId, beginSeq, cursor });
      },
    ),
  );
});

/** Moves slots from one group to another in the steps of the real thing, a step a call. */
class Mover {
  #seq = 1;
  readonly #ownerOf = new Map<number, number>();
  #steps: (() => Promise<void>)[] = [];

  async step(): Promise<void> {
    await this.#steps.shift()?.();
  }

  get isIdle(): boolean {
    return this.#steps.length === 0;
  }

  /** @param names the keys that there are */
  plan(slots: readonly number[], to: number, names: readonly string[]): void {
    const moving = slots.filter((slotId) => this.owner(slotId) !== to);
    for (const from of new Set(moving.map((slotId) => this.owner(slotId)))) {
      const leaving = moving.filter((slotId) => this.owner(slotId) === from);
      const keys = names.filter((name) =>
        leaving.includes(slotOfKey(Buffer.from(name), 0, name.length)),
      );
      this.#steps.push(() =>
        this.#apply(
          leaving.map((slotId) => ({
            slotId,
            status: 'pre_migrate',
            groupId: from,
            migrateFrom: -1,
          })),
        ),
      );
      this.#steps.push(() =>
        this.#apply(
          leaving.map((slotId) => ({ slotId, status: 'migrate', groupId: to, migrateFrom: from })),
        ),
      );
      for (let first = 0; first < keys.length; first += 7) {
        this.#steps.push(() => migrate(from, to, keys.slice(first, first + 7)));
      }
      this.#steps.push(async () => {
        await this.#apply(leaving.map((slotId) => onlineSlot(slotId, to)));
        for (const slotId of leaving) this.#ownerOf.set(slotId, to);
      });
    }
  }

  owner(slotId: number): number {
    return this.#ownerOf.get(slotId) ?? 1 + Math.floor((slotId * servers.length) / 1024);
  }

  async #apply(slots: readonly SlotRoute[]): Promise<void> {
    this.#seq++;
    const change = { slots, groups: [], seq: this.#seq };
    await Promise.all(proxies.map(({ plane }) => plane.apply(change)));
  }
}

async function migrate(from: number, to: number, keys: readonly string[]): Promise<void> {
  const target = servers[to - 1]!;
  const direct = await RespClient.connect(servers[from - 1]!.port);
  direct.send(
    encodeCommand(['MIGRATE', '127.0.0.1', target.port, '', 0, 5000, 'REPLACE', 'KEYS', ...keys]),
  );
  await direct.reply();
  direct.close();
}

test('keys that exist throughout are returned while slots move, whichever way', async () => {
  const names = await fill(600);
  const mover = new Mover();
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
        while (!mover.isIdle) await mover.step();
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
  expect(scans).toBe(25);
  console.log(`${scans} scans of ${names.length} keys while slots moved`);
  // The next tests find the slots where they were.
  for (const groupId of [1, 2, 3]) {
    const home = Array.from({ length: 1024 }, (_, slotId) => slotId).filter(
      (slotId) => 1 + Math.floor((slotId * 3) / 1024) === groupId,
    );
    mover.plan(home, groupId, names);
    while (!mover.isIdle) await mover.step();
  }
});
