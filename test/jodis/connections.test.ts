import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Jodis } from '../../jodis/jodis.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { ProxyTree, quietly } from './proxy-tree.js';

/*
 * What needs a connection of its own. Two redis-servers stand for proxies: what is behind an address
 * is not the client's business, and as they share nothing it shows where a command went.
 */

let tree: ProxyTree;
let servers: RedisServer[];
/** Straight to each of the servers. */
let direct: Redis[];
let client: Jodis;

beforeEach(async () => {
  tree = await ProxyTree.embedded();
  servers = await Promise.all([startRedis(), startRedis()]);
  direct = servers.map(({ port }) => new Redis(port, '127.0.0.1', { retryStrategy: null }));
  for (const each of direct) each.on('error', () => {});
  for (const [index, { addr }] of servers.entries()) await tree.set(`p${index}`, addr, 'online');
  client = quietly(new Jodis(tree.options));
  await client.connect();
  await eventually('both are in use', async () => {
    await client.ping();
    const lists = await Promise.all(direct.map((each) => each.client('LIST')));
    return lists.every((list) => String(list).includes('cmd=ping'));
  });
});

afterEach(async () => {
  client.disconnect();
  for (const each of direct) each.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
  await tree.close();
});

async function subscribers(index: number, channel: string): Promise<number> {
  const [, count] = (await direct[index]!.pubsub('NUMSUB', channel)) as [string, number];
  return Number(count);
}

/** Marks the proxy as Codis does when it is told to go. */
function leave(index: number): Promise<void> {
  return tree.set(`p${index}`, servers[index]!.addr, 'mark_offline');
}

test.each(['dies', 'goes offline'])('a subscription outlives its proxy, which %s', async (how) => {
  const messages: string[] = [];
  client.on('message', (channel, message) => messages.push(`${channel}: ${message}`));
  client.on('pmessageBuffer', (pattern, channel, message) =>
    messages.push(`${pattern} ${channel}: ${message}`),
  );
  expect(await client.subscribe('news')).toBe(1);
  expect(await client.psubscribe('n*')).toBe(2);
  // And the client is as usable as before.
  expect(await client.set('key', 'value')).toBe('OK');

  const first = (await subscribers(0, 'news')) === 1 ? 0 : 1;
  await direct[first]!.publish('news', 'one');
  await eventually('it has come', () => messages.length === 2);
  if (how === 'dies') await servers[first]!.stop();
  else await leave(first);
  const other = 1 - first;
  await eventually('the other has it', async () => (await subscribers(other, 'news')) === 1);
  await direct[other]!.publish('news', 'two');
  await eventually('that has come, too', () => messages.length === 4);
  expect(messages).toEqual(['news: one', 'n* news: one', 'news: two', 'n* news: two']);
  expect(await client.unsubscribe('news')).toBe(1);
});

test('WATCH, reads and MULTI are on one connection, and EXEC knows of a change', async () => {
  for (const each of direct) await each.set('stock', 5);
  await client.watch('stock');
  expect(await client.get('stock')).toBe('5');
  expect(await client.multi().decr('stock').get('stock').exec()).toEqual([
    [null, 4],
    [null, '4'],
  ]);

  await client.watch('stock');
  const before = await client.get('stock');
  for (const each of direct) await each.set('stock', 100);
  expect(await client.multi().set('stock', 0).exec()).toBeNull();
  expect(before).not.toBeNull();
  expect(await Promise.all(direct.map((each) => each.get('stock')))).toEqual(['100', '100']);

  await client.multi({ pipeline: false });
  expect(await client.set('stock', 7)).toBe('QUEUED');
  expect(await client.exec()).toEqual([[null, 'OK']]);
});

test('a WATCH that is lost with its proxy fails the transaction', async () => {
  for (const each of direct) await each.set('stock', 5);
  await client.watch('stock');
  await client.get('stock');
  const lists = await Promise.all(direct.map((each) => each.client('LIST')));
  const watching = lists.findIndex((list) => /watch=1|cmd=get/.test(String(list)));
  await servers[watching]!.stop();
  await expect(client.multi().decr('stock').exec()).rejects.toMatchObject({
    name: 'TransactionLostError',
  });
  expect(await direct[1 - watching]!.get('stock')).toBe('5');
  // It may be begun again.
  await client.watch('stock');
  expect(await client.multi().decr('stock').exec()).toEqual([[null, 4]]);
});

test('a blocked command holds up nobody, and its connection is used again', async () => {
  const popped = [client.blpop('queue', 20), client.blpop('queue', 20)];
  await eventually('both wait', async () => {
    const infos = await Promise.all(direct.map((each) => each.info('clients')));
    const waiting = infos.map((info) => Number(/^blocked_clients:(\d+)/m.exec(info)?.[1]));
    return waiting[0]! + waiting[1]! === 2;
  });
  for (let count = 0; count < 10; count++) await client.set('key', count);
  for (const each of direct) await each.rpush('queue', 'a', 'b');
  expect((await Promise.all(popped)).map((reply) => reply?.[0])).toEqual(['queue', 'queue']);
  const connections = () =>
    Promise.all(direct.map(async (each) => String(await each.client('LIST')).split('\n').length));
  const before = await connections();
  for (let count = 0; count < 5; count++) {
    expect(await client.xread('COUNT', 1, 'BLOCK', 1, 'STREAMS', 'none', '$')).toBeNull();
  }
  expect(await connections()).toEqual(before);
});

test('a connection of its own moves to another proxy when its own goes, and keeps order', async () => {
  const connection = client.connection({ db: 2 });
  await connection.set('key', 'there');
  const first = servers.findIndex(({ addr }) => addr === connection.proxy);
  const results: Promise<number>[] = [];
  let isMoving = true;
  const load = (async () => {
    while (isMoving) {
      results.push(connection.incr('count'));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await leave(first);
  await eventually('it has moved', () => connection.proxy === servers[1 - first]!.addr);
  await eventually('it counts there', async () => {
    await direct[1 - first]!.select(2);
    return Number(await direct[1 - first]!.get('count')) > 5;
  });
  isMoving = false;
  await load;
  const counts = await Promise.all(results);
  // Once from 1 on at each of them: nothing was lost, sent twice or overtaken.
  const restart = counts.lastIndexOf(1);
  expect(counts).toEqual([
    ...Array.from({ length: restart }, (_, index) => index + 1),
    ...Array.from({ length: counts.length - restart }, (_, index) => index + 1),
  ]);
  expect(await connection.quit()).toBe('OK');
});

test('a pipeline goes to one proxy as a whole', async () => {
  const results = await client.pipeline().set('one', 1).get('one').incr('one').exec();
  expect(results).toEqual([
    [null, 'OK'],
    [null, '1'],
    [null, 2],
  ]);
  for (let count = 0; count < 4; count++) {
    expect(
      await client
        .multi([
          ['incr', 'many'],
          ['del', 'many'],
        ])
        .exec(),
    ).toEqual([
      [null, 1],
      [null, 1],
    ]);
  }
});

test('scripts, prefixes, automatic pipelines, streams of keys, callbacks', async () => {
  const other = quietly(
    client.duplicate({
      keyPrefix: 'app:',
      enableAutoPipelining: true,
      scripts: {
        twice: { lua: 'return redis.call("APPEND", KEYS[1], ARGV[1] .. ARGV[1])', numberOfKeys: 1 },
      },
    }),
  ) as Jodis & { twice(key: string, value: string): Promise<number> };
  const replies = await Promise.all([other.set('a', 1), other.set('b', 2), other.get('a')]);
  expect(replies).toEqual(['OK', 'OK', '1']);
  expect(await other.twice('text', 'xy')).toBe(4);
  const stored = await Promise.all(direct.map((each) => each.get('app:text')));
  expect(stored).toContain('xyxy');

  // One server alone: they do not have the same keys.
  await leave(1);
  await eventually('one is left', () => client.proxies.length === 1);
  await direct[0]!.flushall();
  for (let count = 0; count < 30; count++) await client.set(`key${count}`, count);
  const found: string[] = [];
  for await (const keys of client.scanStream({ match: 'key*', count: 10 })) found.push(...keys);
  expect(new Set(found).size).toBe(30);
  const called = await new Promise((resolve) =>
    client.get('key7', (_error, value) => resolve(value)),
  );
  expect(called).toBe('7');
  expect(await client.getBuffer('key7')).toEqual(Buffer.from('7'));
  await expect(client.call('LPUSH', 'key7', 'x')).rejects.toThrow(/^WRONGTYPE /);
  expect(await other.quit()).toBe('OK');
});

test('MONITOR shows what a proxy is asked', async () => {
  const monitor = await client.monitor();
  const seen: string[] = [];
  monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
  await eventually('a command is seen', async () => {
    await client.set('watched', 1);
    return seen.includes('set watched 1');
  });
  monitor.disconnect();
});

test('a duplicate, or a connection, outlives the client that it is of', async () => {
  const other = quietly(client.duplicate());
  const connection = client.connection();
  await other.connect();
  expect(await client.quit()).toBe('OK');
  expect(await other.ping()).toBe('PONG');
  expect(await connection.ping()).toBe('PONG');
  expect(() => client.connection()).toThrow('Connection is closed.');
  other.disconnect();
  connection.disconnect();
  const late = quietly(client.duplicate());
  expect(await late.ping()).toBe('PONG');
  late.disconnect();
});

test('with a password, which may change', async () => {
  for (const each of direct) await each.config('SET', 'requirepass', 'one');
  const other = quietly(client.duplicate({ password: 'one', db: 1 }));
  await other.connect();
  expect(await other.set('key', 'value')).toBe('OK');
  for (const each of direct) await each.config('SET', 'requirepass', 'two');
  expect(await other.auth('two')).toBe('OK');
  await other.blpop('nothing', 0.01);
  expect(await other.set('key', 'value')).toBe('OK');
  other.disconnect();
});
