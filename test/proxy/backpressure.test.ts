import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { keyInSlots } from '../support/keys.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { encodeCommand, RespClient } from '../support/resp-client.js';

const VALUE = Buffer.alloc(1024 * 1024, 'v');

let redis: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startDataPlane([redis.addr], {
    ini: 'backend_timeout=60000\nsession_max_pipeline=32',
  });
  client = await RespClient.connect(proxy.port);
  await client.call('SET', 'large', VALUE);
});
afterAll(async () => {
  client.close();
  proxy.close();
  await redis.stop();
});

function getCalls(): number {
  return proxy.plane.stats().commands.find(({ cmd }) => cmd === 'GET')?.calls ?? 0;
}

it('reads no more commands of a client that does not take its replies', async () => {
  const wanted = 600;
  const before = getCalls();
  const slow = connect(proxy.port, '127.0.0.1');
  slow.pause();
  // One at a time, so that the commands come in many reads.
  slow.write(Buffer.concat(Array.from({ length: 200 }, () => encodeCommand(['GET', 'large']))));
  for (let count = 200; count < wanted; count++) slow.write(encodeCommand(['GET', 'large']));
  await eventually('it gets its first replies', () => getCalls() > before);
  // Others are served meanwhile; few of its 600 MB of replies are fetched from the server.
  for (let count = 0; count < 200; count++) expect(await client.text('PING')).toBe('+PONG\r\n');
  expect(getCalls() - before).toBeLessThan(wanted);

  let received = 0;
  slow.on('data', (chunk) => {
    received += chunk.length;
  });
  slow.resume();
  const frame = VALUE.length + `$${VALUE.length}\r\n\r\n`.length;
  await eventually('it gets all of its replies in the end', () => received === wanted * frame);
  slow.destroy();
});

it('reads no more commands for a server that does not take them', async () => {
  await quiet(proxy);
  redis.process.kill('SIGSTOP');
  const writer = connect(proxy.port, '127.0.0.1');
  const command = encodeCommand(['SET', 'large', VALUE]);
  const total = 100;
  for (let count = 0; count < total; count++) writer.write(command);
  let received = 0;
  writer.on('data', (chunk) => {
    received += chunk.length;
  });
  const inFlight = () => proxy.plane.stats().backends[0]!.inFlight;
  await eventually('commands are on their way', () => inFlight() > 0);
  for (let count = 0; count < 200; count++) expect(await client.text('PING')).toBe('+PONG\r\n');
  expect(inFlight()).toBeLessThan(total / 2);
  redis.process.kill('SIGCONT');
  await eventually('all are answered', () => received === total * '+OK\r\n'.length);
  writer.destroy();
});

it('reads no more commands on keys of several groups for a server that does not take them', async () => {
  const second = await startRedis();
  const two = await startDataPlane([redis.addr, second.addr], { ini: 'backend_timeout=60000' });
  const other = await RespClient.connect(two.port);
  try {
    await quiet(two);
    second.process.kill('SIGSTOP');
    const writer = connect(two.port, '127.0.0.1');
    const keys = [keyInSlots(0, 511), keyInSlots(512, 1023)];
    const command = encodeCommand(['MSET', ...keys.flatMap((key) => [key, VALUE])]);
    const total = 100;
    for (let count = 0; count < total; count++) writer.write(command);
    let received = 0;
    writer.on('data', (chunk) => {
      received += chunk.length;
    });
    const inFlight = () =>
      two.plane.stats().backends.find(({ addr }) => addr === second.addr)!.inFlight;
    await eventually('commands are on their way', () => inFlight() > 0);
    for (let count = 0; count < 200; count++) expect(await other.text('PING')).toBe('+PONG\r\n');
    expect(inFlight()).toBeLessThan(total / 2);
    second.process.kill('SIGCONT');
    await eventually('all are answered', () => received === total * '+OK\r\n'.length);
    writer.destroy();
  } finally {
    other.close();
    two.close();
    await second.stop();
  }
});
