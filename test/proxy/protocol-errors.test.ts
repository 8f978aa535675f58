import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

let redis: RedisServer;
let secured: RedisServer;
let proxy: TestDataPlane;
let guarded: TestDataPlane;

beforeAll(async () => {
  redis = await startRedis();
  secured = await startRedis(['--requirepass', 'secret']);
  proxy = await startDataPlane([redis.addr]);
  guarded = await startDataPlane([secured.addr], { ini: 'password=secret' });
});
afterAll(async () => {
  proxy.close();
  guarded.close();
  await Promise.all([redis.stop(), secured.stop()]);
});

/** Everything the server says to these bytes before it closes the connection. */
async function saidUntilClosed(port: number, bytes: string): Promise<string> {
  const client = await RespClient.connect(port);
  client.send(Buffer.from(bytes, 'latin1'));
  return (await client.untilClosed()).toString('latin1');
}

describe('bytes that are not RESP', () => {
  it.each([
    '*x\r\n',
    '*\r\n',
    '*1x\r\n',
    '*+1\r\n',
    '*01\r\n',
    '*1\r\nPING\r\n',
    '*1\r\n:1\r\n',
    '*1\r\n$x\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$\r\n',
    '*2147483648\r\n',
    '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$536870913\r\n',
    `*${'1'.repeat(70_000)}\r\n`,
    `*1\r\n$${'1'.repeat(70_000)}\r\n`,
    'GET "a\r\n',
    "GET 'a\r\n",
    'x'.repeat(70_000),
    '*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*z\r\n*1\r\n$4\r\nPING\r\n',
  ])('are answered as by Redis: %j', async (bytes) => {
    expect(await saidUntilClosed(proxy.port, bytes)).toBe(await saidUntilClosed(redis.port, bytes));
  });

  it.each(['*11\r\n', '*1\r\n$16385\r\n'])(
    'are answered as by Redis before AUTH: %j',
    async (bytes) => {
      expect(await saidUntilClosed(guarded.port, bytes)).toBe(
        await saidUntilClosed(secured.port, bytes),
      );
    },
  );

  it('do not keep what came before them from its answer', async () => {
    const said = await saidUntilClosed(proxy.port, 'SET kept 1\r\nGET kept\r\n*x\r\n');
    expect(said).toBe('+OK\r\n$1\r\n1\r\n-ERR Protocol error: invalid multibulk length\r\n');
  });
});

describe('empty commands', () => {
  it('are passed over as by Redis', async () => {
    const client = await RespClient.connect(proxy.port);
    client.send('*0\r\n*-1\r\n\r\n\n*1\r\n$4\r\nPING\r\n');
    expect((await client.reply()).toString()).toBe('+PONG\r\n');
    client.close();
  });
});
