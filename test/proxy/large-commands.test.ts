import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

let redis: RedisServer;
let proxy: TestDataPlane;
const clients: RespClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startDataPlane([redis.addr], { ini: 'backend_timeout=60000' });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  proxy.close();
  await redis.stop();
});

async function connectClients(count: number): Promise<RespClient[]> {
  const connected = await Promise.all(
    Array.from({ length: count }, () => RespClient.connect(proxy.port)),
  );
  clients.push(...connected);
  return connected;
}

/** Bytes that tell where they belong: no two values, and no two places of one, look alike. */
function patternOf(client: number, size: number): Buffer {
  const value = Buffer.alloc(size);
  for (let at = 0; at + 8 <= size; at += 8) {
    value.writeUInt32LE(client, at);
    value.writeUInt32LE(at, at + 4);
  }
  return value;
}

it.each([17_000, 40_000, 100_000, 150_000, 1_048_576])(
  'values of %d bytes arrive as they were sent at a server that takes them late',
  async (size) => {
    const [first, ...others] = await connectClients(80);
    expect(await first!.text('PING')).toBe('+PONG\r\n');
    await quiet(proxy);
    // More than the kernel keeps for one connection.
    const rounds = Math.ceil(16_000_000 / size / others.length);
    redis.process.kill('SIGSTOP');
    const replies = others.map((client, index) =>
      client.pipeline(
        Array.from({ length: rounds }, (_, round) => [
          'SET',
          `large:${index}:${round}`,
          patternOf(index * 1000 + round, size),
        ]),
      ),
    );
    const inFlight = () => proxy.plane.stats().backends[0]!.inFlight;
    await eventually('commands are on their way', () => inFlight() > 10_000_000 / size / 4);
    for (let count = 0; count < 200; count++) await first!.text('PING');
    redis.process.kill('SIGCONT');
    await Promise.all(replies);
    for (const [index, client] of others.entries()) {
      for (let round = 0; round < rounds; round++) {
        const reply = await client.call('GET', `large:${index}:${round}`);
        const value = reply.subarray(reply.indexOf(0x0a) + 1, -2);
        expect(value.equals(patternOf(index * 1000 + round, size))).toBe(true);
      }
    }
    await first!.text('FLUSHALL');
  },
  60_000,
);
