import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { type Argument, encodeCommand, RespClient } from '../../../support/resp-client.js';

let servers: RedisServer[];
let plain: RedisServer;
let proxy: TestDataPlane;
const clients: RespClient[] = [];

beforeAll(async () => {
  [plain, ...servers] = (await Promise.all([startRedis(), startRedis(), startRedis()])) as [
    RedisServer,
    ...RedisServer[],
  ];
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterAll(async () => {
  proxy.close();
  await Promise.all([plain, ...servers].map((server) => server.stop()));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  const client = await connect();
  await eventually('nobody listens', async () => {
    return (await client.text('PUBSUB', 'CHANNELS')) === '*0\r\n';
  });
});

async function connect(port = proxy.port): Promise<RespClient> {
  const client = await RespClient.connect(port);
  clients.push(client);
  return client;
}

const IN_1 = keyInSlots(0, 511, 'a');
const IN_2 = keyInSlots(512, 1023, 'c');

function message(channel: string, text: string): string {
  return `*3\r\n$7\r\nmessage\r\n$${channel.length}\r\n${channel}\r\n$${text.length}\r\n${text}\r\n`;
}

describe('a client that listens', () => {
  /** How many replies each command has. */
  const dialogue: [count: number, ...args: Argument[]][] = [
    [1, 'UNSUBSCRIBE'],
    [2, 'UNSUBSCRIBE', IN_1, IN_2],
    [1, 'SUNSUBSCRIBE'],
    [2, 'SUBSCRIBE', IN_1, IN_2],
    [1, 'SUBSCRIBE', IN_1],
    [1, 'PSUBSCRIBE', 'x*'],
    [1, 'SSUBSCRIBE', IN_1],
    [1, 'GET', 'a'],
    [1, 'PING'],
    [1, 'PING', 'hi'],
    [1, 'CLIENT', 'GETNAME'],
    [1, 'NOSUCH', 'a'],
    [1, 'SET'],
    [1, 'UNSUBSCRIBE', IN_1],
    [1, 'UNSUBSCRIBE', 'other'],
    [1, 'UNSUBSCRIBE'],
    [1, 'PUNSUBSCRIBE'],
    [1, 'GET', 'a'],
    [1, 'SUNSUBSCRIBE', IN_1],
    [1, 'GET', 'a'],
    [1, 'SUBSCRIBE', IN_2],
    [1, 'RESET'],
    [1, 'GET', 'a'],
    [1, 'SUBSCRIBE'],
  ];

  it.each([2, 3])('is answered as by one Redis, in protocol %i', async (protocol) => {
    const [byProxy, byRedis] = await Promise.all([connect(), connect(plain.port)]);
    for (const client of [byProxy, byRedis]) await client.call('HELLO', protocol);
    for (const [count, ...args] of dialogue) {
      for (const client of [byProxy, byRedis]) client.send(encodeCommand(args));
      const [proxied, expected] = await Promise.all([
        byProxy.replies(count),
        byRedis.replies(count),
      ]);
      expect(proxied.map(String), args.join(' ')).toEqual(expected.map(String));
    }
  });

  it('hears what is published in its channels, in its protocol', async () => {
    const [in2, in3, publisher] = await Promise.all([connect(), connect(), connect()]);
    await in3.call('HELLO', 3);
    for (const client of [in2, in3]) {
      client.send(encodeCommand(['SUBSCRIBE', IN_1, IN_2]));
      await client.replies(2);
    }
    for (const channel of [IN_1, IN_2]) {
      expect(await publisher.text('PUBLISH', channel, 'text')).toBe(':2\r\n');
      expect(String(await in2.reply())).toBe(message(channel, 'text'));
      expect(String(await in3.reply())).toBe(message(channel, 'text').replace('*', '>'));
    }
    expect(await publisher.text('PUBLISH', 'unheard', 'text')).toBe(':0\r\n');
    expect(await in3.text('PING')).toBe('+PONG\r\n');
  });

  it('hears what matches its patterns, once a pattern', async () => {
    const [client, publisher] = await Promise.all([connect(), connect()]);
    client.send(encodeCommand(['PSUBSCRIBE', 'n?ws.*', 'news.[a-c]*', 'n\\*ws']));
    await client.replies(3);
    client.send(encodeCommand(['SUBSCRIBE', 'news.art']));
    await client.reply();
    expect(await publisher.text('PUBLISH', 'news.art', 'm')).toBe(':3\r\n');
    const heard = (await client.replies(3)).map(String).sort();
    expect(heard[0]).toBe(message('news.art', 'm'));
    expect(heard.slice(1).every((each) => each.includes('pmessage'))).toBe(true);
    expect(await publisher.text('PUBLISH', 'news.zoo', 'm')).toBe(':1\r\n');
    expect(await publisher.text('PUBLISH', 'n*ws', 'm')).toBe(':1\r\n');
    expect(await publisher.text('PUBLISH', 'news', 'm')).toBe(':0\r\n');
    expect(await publisher.text('PUBSUB', 'NUMPAT')).toBe(':3\r\n');
  });

  it('hears shard channels apart from the others', async () => {
    const [client, other, publisher] = await Promise.all([connect(), connect(), connect()]);
    for (const channel of [IN_1, IN_2]) await client.call('SSUBSCRIBE', channel);
    await other.call('SUBSCRIBE', IN_2);
    expect(await publisher.text('SPUBLISH', IN_2, 'm')).toBe(':1\r\n');
    expect(String(await client.reply())).toBe(message(IN_2, 'm').replace('$7\r\n', '$8\r\ns'));
    expect(await publisher.text('PUBLISH', IN_2, 'n')).toBe(':1\r\n');
    expect(String(await other.reply())).toBe(message(IN_2, 'n'));
    expect((await publisher.text('PUBSUB', 'SHARDCHANNELS')).split('\r\n')).toEqual(
      expect.arrayContaining([IN_1, IN_2]),
    );
    expect(await publisher.text('PUBSUB', 'SHARDNUMSUB', IN_2)).toContain(':1\r\n');
  });

  it('hears what scripts publish, and events of keys of any group', async () => {
    const [client, publisher] = await Promise.all([connect(), connect()]);
    await publisher.call('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
    client.send(encodeCommand(['SUBSCRIBE', 'from:script', '__keyevent@0__:set']));
    await client.replies(2);
    const script = "return redis.call('PUBLISH', 'from:script', KEYS[1])";
    for (const key of [IN_1, IN_2]) {
      await publisher.call('EVAL', script, '1', key);
      expect(String(await client.reply())).toBe(message('from:script', key));
      await publisher.call('SET', key, 'v');
      expect(String(await client.reply())).toBe(message('__keyevent@0__:set', key));
    }
    await publisher.call('CONFIG', 'SET', 'notify-keyspace-events', '');
    await publisher.call('FLUSHALL');
  });

  it('is counted one by one', async () => {
    const [first, second, third, publisher] = await Promise.all([
      ...[connect(), connect(), connect(), connect()],
    ]);
    for (const client of [first!, second!]) await client.call('SUBSCRIBE', IN_1);
    await third!.call('PSUBSCRIBE', `${IN_1}*`);
    const numsub = () => publisher!.text('PUBSUB', 'NUMSUB', IN_1, IN_2);
    const counts = (n: number) =>
      `*4\r\n$${IN_1.length}\r\n${IN_1}\r\n:${n}\r\n$${IN_2.length}\r\n${IN_2}\r\n:0\r\n`;
    expect(await publisher!.text('PUBLISH', IN_1, 'm')).toBe(':3\r\n');
    expect(await numsub()).toBe(counts(2));
    // Somebody who listens at the server itself.
    const direct = await connect(servers[0]!.port);
    await direct.call('SUBSCRIBE', IN_1);
    expect(await publisher!.text('PUBLISH', IN_1, 'm')).toBe(':4\r\n');
    expect(await numsub()).toBe(counts(3));
    direct.close();
    await first!.replies(2);
    await first!.call('UNSUBSCRIBE');
    await eventually('the count', async () => {
      return (await publisher!.text('PUBLISH', IN_1, 'm')) === ':2\r\n';
    });
    expect(await publisher!.text('PUBSUB', 'CHANNELS', 'a*')).toContain(IN_1);
    expect(await publisher!.text('PUBSUB', 'CHANNELS', 'z*')).toBe('*0\r\n');
  });

  it('hears again after a server was away', async () => {
    const [client, publisher] = await Promise.all([connect(), connect()]);
    await client.call('SUBSCRIBE', IN_1);
    await publisher.call('PUBLISH', IN_1, 'before');
    expect(String(await client.reply())).toBe(message(IN_1, 'before'));
    const admin = await connect(servers[0]!.port);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually('it is heard again', async () => {
      return (await publisher.text('PUBLISH', IN_1, 'after')) === ':1\r\n';
    });
    expect(String(await client.reply())).toBe(message(IN_1, 'after'));
    expect(proxy.plane.stats().pubsub).toMatchObject({ channels: 1, losses: 1 });
  });
});

it('is limited, or no more, by the protocol that it chooses while it listens', async () => {
  const client = await connect();
  await client.call('HELLO', 3);
  await client.call('SUBSCRIBE', IN_1);
  expect(await client.text('GET', 'nothing')).toBe('_\r\n');
  await client.call('HELLO', 2);
  expect(await client.text('GET', 'nothing')).toMatch(/^-ERR Can't execute 'get'/);
  expect(await client.text('PING')).toBe('*2\r\n$4\r\npong\r\n$0\r\n\r\n');
  await client.call('UNSUBSCRIBE');
  expect(await client.text('GET', 'nothing')).toBe('$-1\r\n');
});

describe('a client that does not take its messages', () => {
  it('is cut off at the limit, and counted', async () => {
    const limited = await startDataPlane([servers[0]!.addr], {
      ini: 'client_output_buffer_limit_pubsub=1mb 512kb 1',
    });
    const [slow, publisher] = await Promise.all([connect(limited.port), connect(limited.port)]);
    await slow.call('SUBSCRIBE', 'much');
    slow.pause();
    const text = 'x'.repeat(100_000);
    await eventually('it is cut off', async () => {
      await publisher.call('PUBLISH', 'much', text);
      return limited.plane.stats().pubsub.slowClients === 1;
    });
    expect(await publisher.text('PUBLISH', 'much', text)).toBe(':0\r\n');
    limited.close();
  });
});
