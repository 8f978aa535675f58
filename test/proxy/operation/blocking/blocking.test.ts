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
  await client.call('FLUSHALL');
});

async function connect(port = proxy.port): Promise<RespClient> {
  const client = await RespClient.connect(port);
  clients.push(client);
  return client;
}

/** Waits until so many connections of the server wait for keys. */
function blockedAt(server: RedisServer, count: number): Promise<unknown> {
  return eventually(`${count} connections wait`, async () => {
    const admin = await RespClient.connect(server.port);
    const info = await admin.text('INFO', 'clients');
    admin.close();
    return info.includes(`blocked_clients:${count}\r\n`);
  });
}

const IN_1 = [keyInSlots(0, 511, 'a'), keyInSlots(0, 511, 'b')] as const;
const IN_2 = [keyInSlots(512, 1023, 'c'), keyInSlots(512, 1023, 'd')] as const;

describe('commands that wait', () => {
  it.each([2, 3])('are answered as by one Redis, in protocol %i', async (protocol) => {
    const tag = '{t}';
    const commands: Argument[][] = [
      ['RPUSH', `${tag}l`, 'x', 'y', 'z', 'u', 'v', 'w'],
      ['ZADD', `${tag}z`, '1', 'm', '2', 'n', '3', 'o'],
      ['SET', `${tag}s`, 'text'],
      ['BLPOP', `${tag}l`, '0'],
      ['BRPOP', `${tag}none`, `${tag}l`, '1'],
      ['BLMOVE', `${tag}l`, `${tag}k`, 'LEFT', 'RIGHT', '0'],
      ['BRPOPLPUSH', `${tag}l`, `${tag}k`, '0'],
      ['BLMPOP', '0', '2', `${tag}none`, `${tag}l`, 'LEFT', 'COUNT', '5'],
      ['BZPOPMIN', `${tag}z`, '0'],
      ['BZPOPMAX', `${tag}z`, '0'],
      ['BZMPOP', '0', '1', `${tag}z`, 'MIN'],
      ['BLPOP', `${tag}none`, '0.01'],
      ['BLMOVE', `${tag}none`, `${tag}k`, 'LEFT', 'RIGHT', '0.01'],
      ['BZMPOP', '0.01', '1', `${tag}none`, 'MAX'],
      ['BLPOP', `${tag}s`, '0'],
      ['BLPOP', `${tag}l`, '-1'],
      ['BLPOP', `${tag}l`, 'soon'],
      ['BLPOP', `${tag}l`, '1e400'],
      ['BLMPOP', '0', 'x', `${tag}l`, 'LEFT'],
      ['BLMPOP', '0', '1', `${tag}l`, 'MIDDLE'],
      ['BLPOP', 'alone'],
      ['XADD', `${tag}x`, '1-1', 'f', 'v'],
      ['XREAD', 'BLOCK', '5', 'STREAMS', `${tag}x`, '$'],
      ['XREAD', 'BLOCK', '0', 'STREAMS', `${tag}x`, '0'],
      ['XREAD', 'BLOCK', 'x', 'STREAMS', `${tag}x`, '0'],
      ['XREAD', 'BLOCK', '-1', 'STREAMS', `${tag}x`, '0'],
      ['XREAD', 'BLOCK', '0', 'STREAMS', `${tag}x`],
      ['XGROUP', 'CREATE', `${tag}x`, 'g', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', `${tag}x`, '>'],
      ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '5', 'STREAMS', `${tag}x`, '>'],
      ['XREADGROUP', 'GROUP', 'no', 'c', 'BLOCK', '0', 'STREAMS', `${tag}x`, '>'],
      ['CLIENT', 'UNBLOCK', '123456'],
      ['CLIENT', 'UNBLOCK', 'x'],
      ['CLIENT', 'UNBLOCK', '1', 'LATER'],
      ['WAIT', '0', '10'],
      ['WAIT', 'x', '10'],
      ['WAIT', '0', '-1'],
      ['WAITAOF', '0', '0', '0'],
    ];
    const [byProxy, byRedis] = await Promise.all([connect(), connect(plain.port)]);
    for (const client of [byProxy, byRedis]) await client.call('HELLO', protocol);
    for (const command of commands) {
      expect(await byProxy.text(...command), command.join(' ')).toBe(
        await byRedis.text(...command),
      );
    }
    await byRedis.call('FLUSHALL');
  });

  it('wait until there is something, the first first', async () => {
    const waiting = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const [index, client] of waiting.entries()) {
      client.send(encodeCommand(['BLPOP', IN_1[0], '0']));
      await blockedAt(servers[0]!, index + 1);
    }
    const pusher = await connect();
    for (const value of '12345') await pusher.call('RPUSH', IN_1[0], value);
    const replies = await Promise.all(waiting.map((client) => client.reply()));
    const key = `$${IN_1[0].length}\r\n${IN_1[0]}\r\n`;
    expect(replies.map(String)).toEqual([...'12345'].map((v) => `*2\r\n${key}$1\r\n${v}\r\n`));
    expect(await pusher.text('LLEN', IN_1[0])).toBe(':0\r\n');
  });

  it('keep their place in a pipeline', async () => {
    const client = await connect();
    const replies = await client.pipeline([
      ['RPUSH', IN_1[0], 'x'],
      ['BLPOP', IN_1[0], '0'],
      ['LLEN', IN_1[0]],
      ['BLPOP', IN_1[0], '0.02'],
      ['PING'],
    ]);
    expect(replies.map((reply) => String(reply).slice(0, 5))).toEqual([
      ...[':1\r\n', '*2\r\n$', ':0\r\n', '*-1\r\n', '+PONG'],
    ]);
  });

  it('take from the first of several groups that has something, in the order of the keys', async () => {
    const client = await connect();
    await client.pipeline([
      ['RPUSH', IN_2[0], 'c'],
      ['RPUSH', IN_1[1], 'b'],
      ['RPUSH', IN_2[1], 'd'],
    ]);
    const pop = () => client.text('BLPOP', IN_1[0], IN_2[0], IN_1[1], IN_2[1], '1');
    expect(await pop()).toContain('$1\r\nc\r\n');
    expect(await pop()).toContain('$1\r\nb\r\n');
    expect(await pop()).toContain('$1\r\nd\r\n');
    expect(await client.text('BLPOP', IN_1[0], IN_2[0], '0.12')).toBe('*-1\r\n');
    await client.call('ZADD', IN_2[0], '1', 'm');
    expect(await client.text('BZMPOP', '1', '2', IN_1[0], IN_2[0], 'MIN')).toContain('$1\r\nm\r\n');
    expect(await client.text('BLMPOP', '0.06', '2', IN_1[0], IN_2[0], 'LEFT')).toBe('*-1\r\n');
    expect(await client.text('BLMOVE', IN_1[0], IN_2[0], 'LEFT', 'LEFT', '1')).toContain(
      'CROSSSLOT',
    );
    await client.call('SET', IN_1[0], 'text');
    expect(await client.text('BLPOP', IN_2[0], IN_1[0], '1')).toContain('-WRONGTYPE');
  });

  it('are woken at any of several groups', async () => {
    const [client, pusher] = await Promise.all([connect(), connect()]);
    for (const key of [IN_1[0], IN_2[0], IN_1[1], IN_2[1]]) {
      client.send(encodeCommand(['BRPOP', IN_1[0], IN_2[0], IN_1[1], IN_2[1], '0']));
      await pusher.call('RPUSH', key, 'v');
      expect(String(await client.reply())).toBe(`*2\r\n$${key.length}\r\n${key}\r\n$1\r\nv\r\n`);
    }
  });

  it('take nothing for a client that has gone', async () => {
    const [gone, client] = await Promise.all([connect(), connect()]);
    gone.send(encodeCommand(['BLPOP', IN_1[0], '0']));
    await blockedAt(servers[0]!, 1);
    gone.close();
    await blockedAt(servers[0]!, 0);
    await client.call('RPUSH', IN_1[0], 'x');
    expect(await client.text('LLEN', IN_1[0])).toBe(':1\r\n');
  });

  it('are unblocked by another client', async () => {
    const [waiting, client] = await Promise.all([connect(), connect()]);
    const id = (await waiting.text('CLIENT', 'ID')).slice(1, -2);
    for (const keys of [[IN_1[0]], [IN_1[0], IN_2[0]]]) {
      for (const [how, reply] of [
        ['TIMEOUT', '*-1\r\n'],
        ['ERROR', '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n'],
      ] as const) {
        waiting.send(encodeCommand(['BLPOP', ...keys, '0']));
        await eventually('it is blocked', async () => {
          return (await client.text('CLIENT', 'UNBLOCK', id, how)) === ':1\r\n';
        });
        expect(String(await waiting.reply())).toBe(reply);
      }
    }
    expect(await client.text('CLIENT', 'UNBLOCK', id)).toBe(':0\r\n');
    expect(await waiting.text('PING')).toBe('+PONG\r\n');
  });

  it('give their connections back', async () => {
    const [client, admin] = await Promise.all([connect(), connect(servers[0]!.port)]);
    const count = async () => (await admin.text('CLIENT', 'LIST')).split('\n').length;
    await client.call('BLPOP', IN_1[0], '0.001');
    const before = await count();
    for (let n = 0; n < 10; n++) await client.call('BLPOP', IN_1[0], '0.001');
    expect(await count()).toBe(before);
  });

  it('see what comes into a stream after the command, also over a pause of the server', async () => {
    const [reader, writer] = await Promise.all([connect(), connect()]);
    await writer.call('XADD', IN_1[0], '1-1', 'f', 'old');
    reader.send(encodeCommand(['XREAD', 'BLOCK', '0', 'STREAMS', IN_1[0], '$']));
    await blockedAt(servers[0]!, 1);
    await writer.call('XADD', IN_1[0], '2-1', 'f', 'new');
    const reply = String(await reader.reply());
    expect(reply).toContain('new');
    expect(reply).not.toContain('old');
  });
});
