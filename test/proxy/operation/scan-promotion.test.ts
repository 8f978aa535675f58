import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TopologyChange } from '../../../proxy/router/topology-change.js';
import { decodeReply, type Plain, toPlain } from '../../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { SlotMover } from './slot-mover.js';

/*
 * Whether SCAN returns all that is there throughout, while groups get other masters, whose tables are
 * in another order. Proxies learn of it one after the other, as they do.
 */

const GROUPS = 2;
const KEY_COUNT = 400;
/** A new replica need not wait for others to come. */
const REPLICATED = ['--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'];

interface Group {
  readonly groupId: number;
  master: RedisServer;
  replica: RedisServer;
}

const retired: RedisServer[] = [];
let groups: Group[];
let proxies: TestDataPlane[];
let clients: RespClient[];
let names: string[];
let seq = 1;

beforeAll(async () => {
  groups = await Promise.all(
    Array.from({ length: GROUPS }, async (_, index) => {
      const [master, replica] = await Promise.all([startRedis(REPLICATED), startRedis(REPLICATED)]);
      await follow(replica, master);
      return { groupId: index + 1, master, replica };
    }),
  );
  const masters = groups.map(({ master }) => master.addr);
  proxies = await Promise.all([startDataPlane(masters), startDataPlane(masters)]);
  clients = await Promise.all(proxies.map(({ port }) => RespClient.connect(port)));
  names = Array.from({ length: KEY_COUNT }, (_, n) => `key:${n}`).sort();
  await clients[0]!.pipeline(names.map((name) => ['SET', name, name]));
});

afterAll(async () => {
  for (const client of clients) client.close();
  for (const proxy of proxies) proxy.close();
  const servers = [...groups.flatMap(({ master, replica }) => [master, replica]), ...retired];
  await Promise.all(servers.map((server) => server.stop()));
});

/** Changes that the second proxy has not heard of yet, and for how many pages. */
let unheard: TopologyChange[] = [];
let unheardPages = 0;
/** Until it has heard of it the proxies begin the group anew, each for itself. */
const MAX_UNHEARD_PAGES = 8;

beforeEach(() => {
  unheard = [];
});

async function ask(client: RespClient, ...args: (string | number)[]): Promise<Plain> {
  return toPlain(decodeReply(await client.call(...args))!.value);
}

async function askServer(server: RedisServer, ...args: (string | number)[]): Promise<Plain> {
  const direct = await RespClient.connect(server.port);
  try {
    return await ask(direct, ...args);
  } finally {
    direct.close();
  }
}

async function replicationOf(server: RedisServer): Promise<Map<string, string>> {
  const text = String(await askServer(server, 'INFO', 'replication'));
  return new Map(text.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
}

async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  await askServer(replica, 'REPLICAOF', '127.0.0.1', master.port);
  await caughtUp(replica, master);
}

/** The replica has all that the master has. */
async function caughtUp(replica: RedisServer, master: RedisServer): Promise<void> {
  await eventually('the replica has caught up', async () => {
    const [followed, following] = await Promise.all([master, replica].map(replicationOf));
    return (
      following!.get('master_link_status') === 'up' &&
      following!.get('slave_repl_offset') === followed!.get('master_repl_offset')
    );
  });
}

/** Told to all: the second proxy hears of what it has not heard of first. */
async function tellAll(change: TopologyChange): Promise<void> {
  await tellSecond();
  await Promise.all(proxies.map(({ plane }) => plane.apply(change)));
}

async function tellSecond(): Promise<void> {
  const changes = unheard;
  unheard = [];
  for (const change of changes) {
    await proxies[1]!.plane.apply(change);
    if (change.seq !== undefined) await proxies[0]!.plane.apply(change);
  }
}

function masterChange({ groupId, master, replica }: Group): TopologyChange {
  return { slots: [], groups: [{ groupId, master: master.addr, replicas: [replica.addr] }] };
}

/** As the dashboard does: the roles are exchanged; the record is read by the gate, the action later. */
async function promote(group: Group): Promise<void> {
  await caughtUp(group.replica, group.master);
  await askServer(group.replica, 'REPLICAOF', 'NO', 'ONE');
  await askServer(group.master, 'REPLICAOF', '127.0.0.1', group.replica.port);
  [group.master, group.replica] = [group.replica, group.master];
  await tellSecond();
  const change = masterChange(group);
  await proxies[0]!.plane.apply(change);
  const announced = { ...change, seq: ++seq };
  unheard = [change, announced];
  unheardPages = 0;
}

/** The master is killed; what has followed it is the master now, and gets a replica. */
async function failOver(group: Group): Promise<void> {
  await caughtUp(group.replica, group.master);
  await group.master.process.stop('SIGKILL');
  retired.push(group.master);
  await askServer(group.replica, 'REPLICAOF', 'NO', 'ONE');
  group.master = group.replica;
  group.replica = await startRedis(REPLICATED);
  await follow(group.replica, group.master);
  await tellAll({ ...masterChange(group), seq: ++seq });
}

/** All pages of a SCAN, in turn of both proxies; pages that fail are asked for again. */
async function scanAll(count: number, between: () => Promise<void>): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  for (let asked = 0; ; asked++) {
    await between();
    const reply = await ask(clients[asked % clients.length]!, 'SCAN', cursor, 'COUNT', count);
    expect(asked).toBeLessThan(20_000);
    if (!Array.isArray(reply)) continue;
    const [next, keys] = reply as [string, string[]];
    found.push(...keys);
    if (next === '0') return found;
    cursor = next;
  }
}

test('keys that exist throughout are returned while slots move and masters change', async () => {
  const mover = new SlotMover({
    groups: GROUPS,
    portOf: (groupId) => groups[groupId - 1]!.master.port,
    apply: (change) => tellAll({ ...change, seq: ++seq }),
  });
  const RUNS = 12;
  let promotions = 0;
  let failovers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          what: fc.constantFrom('promotion', 'promotion', 'failover', 'announcement', 'move'),
          groupId: fc.integer({ min: 1, max: GROUPS }),
          firstSlot: fc.integer({ min: 0, max: 1023 }),
          slotCount: fc.integer({ min: 1, max: 100 }),
          pages: fc.integer({ min: 0, max: 6 }),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.integer({ min: 20, max: 60 }),
      async (events, pageSize) => {
        for (const { what, groupId, firstSlot, slotCount, pages } of events) {
          for (let page = 0; page < pages; page++) mover.insert(async () => {});
          const group = groups[groupId - 1]!;
          if (what === 'promotion') {
            mover.insert(() => promote(group));
            promotions++;
          } else if (what === 'failover') {
            mover.insert(() => failOver(group));
            failovers++;
          } else if (what === 'announcement') {
            mover.insert(tellSecond);
          } else {
            const slots = Array.from({ length: slotCount }, (_, n) => (firstSlot + n) % 1024);
            mover.plan(slots, groupId, names);
          }
        }
        const found = await scanAll(pageSize, async () => {
          await mover.step();
          if (++unheardPages > MAX_UNHEARD_PAGES) await tellSecond();
        });
        expect([...new Set(found)].sort()).toEqual(names);
        await mover.finish();
        await tellSecond();
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  console.log(`${RUNS} scans: ${promotions} promotions and ${failovers} failovers`);
});

test('a SCAN waits for a master that is gone, and its successor answers', async () => {
  const [group] = groups as [Group];
  await caughtUp(group.replica, group.master);
  const former = group.master;
  await former.process.stop('SIGKILL');
  retired.push(former);
  const isAway = () =>
    proxies[0]!.plane
      .stats()
      .backends.some(({ addr, state }) => addr === former.addr && state !== 'ready');
  await eventually('the proxy has noticed', isAway);
  const page = ask(clients[0]!, 'SCAN', '0', 'COUNT', '10');
  await askServer(group.replica, 'REPLICAOF', 'NO', 'ONE');
  group.master = group.replica;
  group.replica = await startRedis(REPLICATED);
  await tellAll({ ...masterChange(group), seq: ++seq });
  expect(await page).toEqual([expect.stringMatching(/^[1-9]/), expect.any(Array)]);
});
