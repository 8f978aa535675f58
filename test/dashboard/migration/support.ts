import { slotOf } from '../../../cluster/slot-hash.js';
import type { JobReply } from '../../../dashboard/api/contract.js';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';
import { TestCluster } from '../test-cluster.js';

/** Groups 1 and 2; group 1 has all the slots. */
export async function twoGroups(
  settings: Record<string, string> = {},
): Promise<{ cluster: TestCluster; first: RedisServer; second: RedisServer }> {
  const cluster = await TestCluster.start(settings);
  const first = await cluster.allSlotsToGroup(1);
  const second = await cluster.group(2);
  return { cluster, first, second };
}

/** Waits until the newest job is as wanted, and gives it. */
export function jobIs(
  cluster: Pick<TestCluster, 'client'>,
  what: string,
  isSo: (job: JobReply) => boolean,
): Promise<JobReply> {
  return eventually(`the move is ${what}`, async () => {
    const [job] = await cluster.client.listJobs();
    if (job && isSo(job)) return job;
    throw new Error(JSON.stringify(job));
  });
}

export function jobEnds(cluster: Pick<TestCluster, 'client'>): Promise<JobReply> {
  return jobIs(cluster, 'over', ({ state }) => ['done', 'failed', 'cancelled'].includes(state));
}

/** Everything that a server has: for each key its database, its bytes, DUMP and whether it ends. */
export async function contentOf(server: RedisServer): Promise<Map<string, string>> {
  const client = await RespClient.connect(server.port);
  const content = new Map<string, string>();
  for (let database = 0; database < 16; database++) {
    await client.text('SELECT', database);
    for (const key of await allKeys(client)) {
      const replies = await client.pipeline([
        ['DUMP', key],
        ['PTTL', key],
      ]);
      const [dump, ttl] = replies.map((reply) => reply.toString('latin1'));
      const name = `${database} ${key.toString('latin1')}`;
      content.set(name, `${dump} ${ttl === ':-1\r\n' ? 'stays' : 'expires'}`);
    }
  }
  client.close();
  return content;
}

/** Keys of database 0. */
export async function keyCount(server: RedisServer): Promise<number> {
  const client = await RespClient.connect(server.port);
  const text = await client.text('DBSIZE');
  client.close();
  return Number(text.slice(1));
}

/** The slots of all keys of a server. */
export async function slotsOn(server: RedisServer): Promise<Set<number>> {
  const content = await contentOf(server);
  const keys = [...content.keys()].map((name) => name.slice(name.indexOf(' ') + 1));
  return new Set(keys.map((key) => slotOf(Buffer.from(key, 'latin1'))));
}

async function allKeys(client: RespClient): Promise<Buffer[]> {
  const reply = await client.call('KEYS', '*');
  const keys: Buffer[] = [];
  let at = reply.indexOf('\r\n') + 2;
  while (at < reply.length) {
    const end = reply.indexOf('\r\n', at);
    const length = Number(reply.toString('latin1', at + 1, end));
    keys.push(reply.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return keys;
}

/** Sends commands to a server, many at a time. */
export async function fill(
  server: RedisServer,
  commands: Iterable<readonly Argument[]>,
): Promise<void> {
  const client = await RespClient.connect(server.port);
  let batch: (readonly Argument[])[] = [];
  const flush = async () => {
    for (const reply of await client.pipeline(batch)) {
      if (reply[0] === 0x2d) throw new Error(reply.toString());
    }
    batch = [];
  };
  for (const command of commands) {
    batch.push(command);
    if (batch.length >= 1000) await flush();
  }
  await flush();
  client.close();
}

export function* strings(count: number, bytes = 64): Generator<Argument[]> {
  for (let index = 0; index < count; index++) yield ['SET', `key:${index}`, 'x'.repeat(bytes)];
}

/** So many strings, all of them in the slots from 0 to `lastSlot`. */
export function* keysOf(lastSlot: number, count: number): Generator<Argument[]> {
  for (let index = 0, made = 0; made < count; index++) {
    if (slotOf(`key:${index}`) > lastSlot) continue;
    made++;
    yield ['SET', `key:${index}`, `value ${index}`];
  }
}

/** Keys of every type, in several databases, some of them about to expire, one of no text at all. */
export function* everyType(): Generator<Argument[]> {
  for (const database of [0, 3, 15]) {
    yield ['SELECT', database];
    for (let index = 0; index < 40; index++) {
      const id = `${database}:${index}`;
      yield ['SET', `string:${id}`, `value ${id}`];
      yield ['SET', `ends:${id}`, 'soon', 'EX', 3600];
      yield ['SET', `gone:${id}`, 'sooner', 'PX', 30 + index];
      yield ['RPUSH', `list:${id}`, 'a', 'b', id];
      yield ['SADD', `set:${id}`, id];
      yield ['SADD', `intset:${id}`, 1, 70_000, index];
      yield ['HSET', `hash:${id}`, 'field', id, 'other', 'x'.repeat(50)];
      yield ['ZADD', `zset:${id}`, 1.5, 'a', 2, id];
      yield ['XADD', `stream:${id}`, '1-1', 'f', id];
      yield ['XGROUP', 'CREATE', `stream:${id}`, 'readers', 0];
      yield ['SET', `{tag${index % 7}}:${id}`, 'tagged'];
      yield [
        'SET',
        Buffer.from([0, 255, index, 13, 10, database, 0x7b, 0xc3]),
        Buffer.from([0, 1]),
      ];
    }
  }
}
