import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

let servers: RedisServer[];
let proxy: TestDataPlane;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

// Accepted sockets are read in two ways, one of them for Node versions that we do not know.
describe.each(['adopted', 'plain'] as const)('a session on %s sockets', (sockets) => {
  let client: RespClient;

  beforeAll(async () => {
    proxy = await startDataPlane(
      servers.map((server) => server.addr),
      { sockets },
    );
    client = await RespClient.connect(proxy.port);
  });
  afterAll(() => {
    client.close();
    proxy.close();
  });

  it('answers a pipeline over all groups in the order of its commands', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `order:${index}`);
    const stored = await client.pipeline(keys.map((key) => ['SET', key, `value of ${key}`]));
    expect(stored.every((reply) => reply.toString() === '+OK\r\n')).toBe(true);
    const read = await client.pipeline(keys.map((key) => ['GET', key]));
    expect(read.map((reply) => reply.toString().split('\r\n')[1])).toEqual(
      keys.map((key) => `value of ${key}`),
    );
    const sizes = await Promise.all(
      servers.map(async (server) => {
        const direct = await RespClient.connect(server.port);
        const size = Number((await direct.text('DBSIZE')).slice(1));
        direct.close();
        return size;
      }),
    );
    expect(sizes.every((size) => size > 1000)).toBe(true);
  });

  it('keeps local answers in their place', async () => {
    const replies = await client.pipeline([
      ['SET', 'a', '1'],
      ['PING'],
      ['GET', 'a'],
      ['ECHO', 'x'],
      ['NOSUCH', 'y'],
      ['GET', 'a'],
    ]);
    expect(replies.map((reply) => reply.toString())).toEqual([
      '+OK\r\n',
      '+PONG\r\n',
      '$1\r\n1\r\n',
      '$1\r\nx\r\n',
      "-ERR unknown command 'NOSUCH', with args beginning with: 'y' \r\n",
      '$1\r\n1\r\n',
    ]);
  });

  it('splits and merges commands on keys of several groups', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `multi:${index}`);
    expect(await client.text('MSET', ...keys.flatMap((key) => [key, `${key}!`]))).toBe('+OK\r\n');
    const wanted = keys.map((key) => `$${key.length + 1}\r\n${key}!\r\n`).join('');
    expect(await client.text('MGET', ...keys)).toBe(`*100\r\n${wanted}`);
    expect(await client.text('mget', 'multi:5', 'none', 'multi:5')).toBe(
      '*3\r\n$8\r\nmulti:5!\r\n$-1\r\n$8\r\nmulti:5!\r\n',
    );
    expect(await client.text('EXISTS', ...keys, 'multi:1')).toBe(':101\r\n');
    expect(await client.text('DEL', ...keys.slice(0, 60))).toBe(':60\r\n');
    expect(await client.text('UNLINK', ...keys)).toBe(':40\r\n');
    expect(await client.text('MSET', 'a', '1', 'b')).toBe(
      "-ERR wrong number of arguments for 'mset' command\r\n",
    );
  });

  it('passes large values whole, in both directions', async () => {
    for (const size of [10_000, 70_000, 1_000_000, 20_000_000]) {
      const value = Buffer.alloc(size, `${size}.`);
      const [stored, , read] = await client.pipeline([
        ['SET', `large:${size}`, value],
        ['PING'],
        ['GET', `large:${size}`],
      ]);
      expect(stored!.toString()).toBe('+OK\r\n');
      expect(read!.subarray(read!.indexOf(0x0a) + 1, -2).equals(value)).toBe(true);
    }
  });

  it('reads inline commands', async () => {
    client.send('SET inline "two words"\r\n\r\nGET inline\n');
    const replies = await client.replies(2);
    expect(replies.map(String)).toEqual(['+OK\r\n', '$9\r\ntwo words\r\n']);
  });

  it('answers everything before the end of the stream, and QUIT, before it closes', async () => {
    const quitting = await RespClient.connect(proxy.port);
    quitting.send('GET a\r\nGET b\r\nQUIT\r\nGET c\r\n');
    const bytes = await quitting.untilClosed();
    expect(bytes.toString()).toMatch(/^\$1\r\n1\r\n\$-1\r\n\+OK\r\n$/);
  });

  it('reads no further than the pipeline limit, and goes on', async () => {
    const limited = await startDataPlane(
      servers.map((server) => server.addr),
      { sockets, ini: 'session_max_pipeline=3' },
    );
    const eager = await RespClient.connect(limited.port);
    const count = 20_000;
    const replies = await eager.pipeline(
      Array.from({ length: count }, (_, index) => ['SET', `limit:${index}`, 'x'.repeat(50)]),
    );
    expect(replies).toHaveLength(count);
    eager.close();
    limited.close();
  });

  it('forgets clients that go away in the middle of a pipeline', async () => {
    const before = proxy.plane.stats().clients;
    const rude = await RespClient.connect(proxy.port);
    rude.send('GET a\r\n'.repeat(10_000));
    rude.close();
    await eventually('the client is forgotten', () => proxy.plane.stats().clients === before);
    expect(await client.text('GET', 'a')).toBe('$1\r\n1\r\n');
  });

  it('counts commands, errors and latencies', async () => {
    const before = proxy.plane.stats().commands.find(({ cmd }) => cmd === 'INCR')?.calls ?? 0;
    await client.pipeline([
      ['SET', 'counted', 'x'],
      ['INCR', 'counted'],
      ['INCR', 'fresh-counter'],
    ]);
    const stats = proxy.plane.stats();
    const incr = stats.commands.find(({ cmd }) => cmd === 'INCR')!;
    expect(incr.calls).toBe(before + 2);
    expect(incr.errors).toBeGreaterThanOrEqual(1);
    expect(incr.usecs).toBeGreaterThan(0);
    const answered = stats.commands.reduce((sum, { calls }) => sum + calls, 0);
    expect(stats.latencyCounts.reduce((sum, count) => sum + count, 0)).toBe(answered);
  });
});

describe('protocols and databases', () => {
  let plane: TestDataPlane;
  let client: RespClient;

  beforeAll(async () => {
    plane = await startDataPlane(servers.map((server) => server.addr));
    client = await RespClient.connect(plane.port);
  });
  afterAll(() => {
    client.close();
    plane.close();
  });

  it('gives each client the replies of its own protocol', async () => {
    await client.call('HSET', 'hash', 'field', '1');
    const modern = await RespClient.connect(plane.port);
    expect(await modern.text('HELLO', '3')).toMatch(/^%7\r\n/);
    expect(await modern.text('HGETALL', 'hash')).toBe('%1\r\n$5\r\nfield\r\n$1\r\n1\r\n');
    expect(await modern.text('GET', 'nothing')).toBe('_\r\n');
    expect(await client.text('HGETALL', 'hash')).toBe('*2\r\n$5\r\nfield\r\n$1\r\n1\r\n');
    const keys = Array.from({ length: 10 }, (_, index) => `three:${index}`);
    expect(await modern.text('MGET', ...keys)).toBe(`*10\r\n${'_\r\n'.repeat(10)}`);
    modern.close();
  });

  it('keeps the order of commands across a change of protocol or database', async () => {
    const rounds = 200;
    const commands = Array.from({ length: rounds }, (_, round) => [
      ['HELLO', String(2 + (round % 2))],
      ['APPEND', 'switching', 'x'],
      ['SELECT', String(round % 3)],
      ['APPEND', 'switching', 'y'],
      ['SELECT', '0'],
      ['STRLEN', 'switching'],
    ]).flat();
    const replies = await client.pipeline(commands);
    let length = 0;
    for (let round = 0; round < rounds; round++) {
      length += round % 3 === 0 ? 2 : 1;
      expect(replies[round * 6 + 5]!.toString()).toBe(`:${length}\r\n`);
    }
  });

  it('has as many databases as configured', async () => {
    await client.pipeline([
      ['SELECT', '9'],
      ['SET', 'nine', '9'],
      ['SELECT', '0'],
    ]);
    expect(await client.text('GET', 'nine')).toMatch(/^(\$-1|_)\r\n$/);
    expect(await client.text('SELECT', '16')).toBe('-ERR DB index is out of range\r\n');
    await client.call('SELECT', '9');
    expect(await client.text('GET', 'nine')).toBe('$1\r\n9\r\n');
  });
});

describe('authentication', () => {
  it('is asked of clients, and given to servers', async () => {
    const secured = await startRedis(['--requirepass', 'secret']);
    const guarded = await startDataPlane([secured.addr], { ini: 'password=secret' });
    const client = await RespClient.connect(guarded.port);
    expect(await client.text('GET', 'a')).toBe('-NOAUTH Authentication required.\r\n');
    expect(await client.text('AUTH', 'wrong')).toMatch(/^-WRONGPASS /);
    expect(await client.text('AUTH', 'secret')).toBe('+OK\r\n');
    expect(await client.text('SET', 'a', '1')).toBe('+OK\r\n');
    client.close();
    guarded.close();
    await secured.stop();
  });
});

describe('draining', () => {
  it('gives every client its replies, then closes; and clients may be accepted again', async () => {
    const drained = await startDataPlane(servers.map((server) => server.addr));
    const idle = await RespClient.connect(drained.port);
    const busy = await RespClient.connect(drained.port);
    const commands = Array.from({ length: 20_000 }, (_, index) => ['SET', `drain:${index}`, 'x']);
    await Promise.all([idle.call('PING'), busy.call('PING')]);
    const replies = busy.pipeline(commands);
    const done = drained.plane.drain(20_000);
    await expect(RespClient.connect(drained.port)).rejects.toThrow('ECONNREFUSED');
    expect(await replies).toHaveLength(commands.length);
    await Promise.all([done, idle.closed, busy.closed]);
    await drained.plane.listen({ host: '127.0.0.1', port: drained.port });
    const again = await RespClient.connect(drained.port);
    expect(await again.text('GET', 'drain:0')).toBe('$1\r\nx\r\n');
    again.close();
    drained.close();
  });
});
