import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { encodeCommand, RespClient } from '../support/resp-client.js';

let servers: RedisServer[];
let proxy: TestDataPlane;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map((server) => server.addr));
});
afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const marks = fc
  .array(fc.constantFrom('*', '$', '\r\n', '-1', '0', '1', '2', '3', '65536', 'PING', 'GET', 'a'), {
    maxLength: 40,
  })
  .map((parts) => Buffer.from(parts.join('')));
/** A right command with a byte changed, cut short, or followed by something else. */
const almost = fc
  .tuple(
    fc.constantFrom(['SET', 'fuzz', 'value'], ['MGET', 'a', 'b', 'c'], ['EVAL', 'return 1', '0']),
    fc.nat(60),
    fc.nat(255),
  )
  .map(([args, at, byte]) => {
    const bytes = encodeCommand(args);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
const attack = fc.array(fc.oneof(noise, marks, almost), { minLength: 1, maxLength: 5 });

it('random bytes harm nobody: a client beside them gets each of its own replies', async () => {
  const checked = await RespClient.connect(proxy.port);
  let attacks = 0;
  await fc.assert(
    fc.asyncProperty(attack, async (chunks) => {
      const attacker = await RespClient.connect(proxy.port);
      for (const chunk of chunks) attacker.send(chunk);
      const number = attacks++;
      const keys = Array.from({ length: 20 }, (_, index) => `mine:${number}:${index}`);
      const replies = await checked.pipeline([
        ...keys.map((key) => ['SET', key, `${key}=`]),
        ['MGET', ...keys],
        ...keys.map((key) => ['GET', key]),
      ]);
      const bulk = (key: string) => `$${key.length + 1}\r\n${key}=\r\n`;
      expect(replies.map(String)).toEqual([
        ...keys.map(() => '+OK\r\n'),
        `*20\r\n${keys.map(bulk).join('')}`,
        ...keys.map(bulk),
      ]);
      attacker.close();
    }),
    { numRuns: 500, endOnFailure: true },
  );
  expect(attacks).toBeGreaterThanOrEqual(500);
  checked.close();
});
