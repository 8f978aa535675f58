import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../cluster/slot-hash.js';
import { TestCluster } from '../../support/cluster.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { TcpLink } from '../../support/tcp-link.js';
import { jobIs, keyCount } from '../migration/support.js';
import { command, REDIS_ARGS } from './ha-cluster.js';

/** One window: all of them are in `migrate` together. */
const LAST_SLOT = 15;
const KEYS = 900;

interface Replica {
  readonly server: RedisServer;
  /** Its way to its master. */
  readonly link: TcpLink;
}

let cluster: TestCluster;
let replicas: Replica[];
let keys: string[];
const counters: Counter[] = [];

beforeEach(async () => {
  cluster = await TestCluster.start({
    groups: 2,
    proxies: 2,
    dashboard: 'process',
    config: { ha_down_after: 500, ha_min_interval: 0 },
    redisArgs: REDIS_ARGS,
  });
  replicas = await Promise.all([0, 1].map((index) => addReplica(index)));
  keys = counterKeys();
  const client = await RespClient.connect(cluster.proxy.port);
  await client.pipeline(keys.map((key) => ['SET', key, '1000']));
  client.close();
  await eventually('the source’s replica has them', async () => {
    return (await keyCount(replicas[0]!.server)) === KEYS;
  });
  await eventually('the groups are watched', async () => {
    const { groups, observers } = await cluster.dashboard.client.haStatus();
    const isWhole = groups.every(({ health, replicas: all }) => {
      return health === 'healthy' && all.length === 1 && all[0]!.refusal === '';
    });
    return isWhole && observers.length === 3 && observers.every(({ error }) => error === '');
  });
});

afterEach(async () => {
  await Promise.all(counters.splice(0).map((counter) => counter.stop()));
  await cluster.stop();
  for (const { link } of replicas) link.close();
  await Promise.all(replicas.map(({ server }) => server.stop()));
});

/** A replica of the group's master, which it reaches by a link of its own. */
async function addReplica(index: number): Promise<Replica> {
  const server = await startRedis(REDIS_ARGS);
  const link = await TcpLink.to(cluster.groups[index]!.port);
  await cluster.dashboard.client.addServer(index + 1, server.addr, 'slave');
  await eventually('the replica follows by the link', async () => {
    const info = String(await command(server, 'INFO', 'replication'));
    if (!info.includes(`master_port:${link.port}`)) {
      await command(server, 'REPLICAOF', '127.0.0.1', String(link.port));
    }
    return info.includes(`master_port:${link.port}`) && info.includes('master_link_status:up');
  });
  return { server, link };
}

function counterKeys(): string[] {
  const found: string[] = [];
  for (let index = 0; found.length < KEYS; index++) {
    if (slotOf(`counter:${index}`) <= LAST_SLOT) found.push(`counter:${index}`);
  }
  return found;
}

/** Increments one key after the other, and knows what each must be at least. */
class Counter {
  readonly acknowledged = new Map<string, number>();
  /** Increments whose outcome is not known. */
  readonly doubtful = new Map<string, number>();
  readonly wrong: string[] = [];
  count = 0;
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(port: number, keys: readonly string[]) {
    this.#done = this.#run(port, keys);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(port: number, keys: readonly string[]): Promise<void> {
    const client = await RespClient.connect(port);
    for (let turn = 0; !this.#isStopped; turn++) {
      const key = keys[turn % keys.length]!;
      const reply = await client.text('INCR', key);
      const known = this.acknowledged.get(key) ?? 0;
      if (reply.startsWith(':')) {
        this.count++;
        this.acknowledged.set(key, known + 1);
        if (Number(reply.slice(1)) <= 1000 + known) this.wrong.push(`${key} ${reply.trim()}`);
      } else {
        this.doubtful.set(key, (this.doubtful.get(key) ?? 0) + 1);
      }
    }
    client.close();
  }
}

/** A client at each proxy, each with keys of its own. */
function count(): Counter[] {
  const half = KEYS / 2;
  const all = cluster.proxies.map(
    ({ port }, index) => new Counter(port, keys.slice(index * half, (index + 1) * half)),
  );
  counters.push(...all);
  return all;
}

async function startMove(): Promise<void> {
  await cluster.dashboard.client.startMoves({
    what: 'slots that are hit',
    moves: [{ from_group: 1, to_group: 2, slots: [[0, LAST_SLOT]] }],
    options: { max_keys_per_second: 250 },
  });
  await eventually('all slots are on their way, and keys move', async () => {
    const slots = await cluster.store.loadSlots(0, LAST_SLOT);
    const [job] = await cluster.dashboard.client.listJobs();
    return slots.every(({ state }) => state.status === 'migrate') && job!.keys_moved > 10;
  });
}

/** The move has ended, at whatever is the target's master now. @returns each key's value */
async function movedValues(): Promise<Map<string, number>> {
  await jobIs({ client: cluster.dashboard.client }, 'done', ({ state }) => state === 'done');
  await Promise.all(counters.map((counter) => counter.stop()));
  const group = await cluster.dashboard.client.getGroup(2);
  const addr = group.servers!.find(({ type }) => type === 'master')!.addr;
  const client = await RespClient.connect(Number(addr.split(':')[1]));
  const replies = await client.pipeline(keys.map((key) => ['GET', key]));
  client.close();
  return new Map(
    replies.map((reply, index) => [keys[index]!, Number(String(reply).split('\r\n')[1])]),
  );
}

function masterIs(groupId: number, { server }: Replica): Promise<unknown> {
  return eventually(`group ${groupId} has failed over`, async () => {
    const { servers } = await cluster.dashboard.client.getGroup(groupId);
    if (servers!.some(({ addr, type }) => addr === server.addr && type === 'master')) return true;
    throw new Error(JSON.stringify(await cluster.dashboard.client.haStatus(), null, 1));
  });
}

describe('while keys move,', () => {
  it('a target that dies, with a replica that lags, takes none of them with it', async () => {
    await startMove();
    const [source, target] = cluster.groups;
    replicas[1]!.link.stall();
    await eventually('keys have come that the replica has not', async () => {
      const both = (await keyCount(source!)) + (await keyCount(target!));
      return both > KEYS;
    });
    await target!.process.stop('SIGKILL');
    replicas[1]!.link.cut();
    await masterIs(2, replicas[1]!);
    const values = await movedValues();
    expect([...values].filter(([, value]) => value !== 1000)).toEqual([]);
    expect(await keyCount(source!)).toBe(0);
  }, 60_000);

  it('a source that dies, with a replica that lags, brings back nothing old', async () => {
    await startMove();
    replicas[0]!.link.stall();
    const load = count();
    await eventually('moved keys have been changed', () =>
      load.every((counter) => counter.count > 300),
    );
    await cluster.groups[0]!.process.stop('SIGKILL');
    replicas[0]!.link.cut();
    await masterIs(1, replicas[0]!);
    expect(await keyCount(replicas[0]!.server)).toBeGreaterThan(0);
    await expectExact();
    expect(await keyCount(replicas[0]!.server)).toBe(0);
  }, 60_000);

  it('a source that hangs and comes back overwrites nothing', async () => {
    await startMove();
    const load = count();
    const [source] = cluster.groups;
    await eventually('there is load', () => load.every((counter) => counter.count > 50));
    source!.process.kill('SIGSTOP');
    await masterIs(1, replicas[0]!);
    const before = load.map((counter) => counter.count);
    await eventually('clients go on', () =>
      load.every((counter, index) => counter.count > before[index]! + 50),
    );
    source!.process.kill('SIGCONT');
    await expectExact();
  }, 60_000);
});

/** Every key is what the acknowledged increments have made of it. */
async function expectExact(): Promise<void> {
  const values = await movedValues();
  for (const { wrong, acknowledged, doubtful } of counters) {
    expect(wrong).toEqual([]);
    for (const [key, increments] of acknowledged) {
      const value = values.get(key)! - 1000;
      expect(value, key).toBeGreaterThanOrEqual(increments);
      expect(value, key).toBeLessThanOrEqual(increments + (doubtful.get(key) ?? 0));
    }
  }
}
