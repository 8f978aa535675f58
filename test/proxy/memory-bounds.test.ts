import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MemoryGuard } from '../../proxy/session/memory-guard.js';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { encodeCommand, RespClient } from '../support/resp-client.js';

const VALUE = Buffer.alloc(1_000_000, 'v');
const GET = encodeCommand(['GET', 'large']);

let redis: RedisServer;
let proxy: TestDataPlane | null = null;
let sockets: Socket[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const direct = await RespClient.connect(redis.port);
  await direct.call('SET', 'large', VALUE);
  direct.close();
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  proxy?.close();
  proxy = null;
});
afterAll(() => redis.stop());

async function start(ini: string): Promise<TestDataPlane> {
  proxy = await startDataPlane([redis.addr], { ini });
  return proxy;
}

/** A client that asks and does not read. */
function slowReader(port: number, commands: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write(Buffer.concat(Array.from({ length: commands }, () => GET)));
  sockets.push(socket);
  return socket;
}

describe('clients', () => {
  test('are told when there are too many, and may come when one has gone', async () => {
    const { port, plane } = await start('max_clients=3');
    const clients = await Promise.all([1, 2, 3].map(() => RespClient.connect(port)));
    for (const client of clients) expect(await client.text('PING')).toBe('+PONG\r\n');
    const fourth = await RespClient.connect(port);
    expect(String(await fourth.untilClosed())).toBe('-ERR max number of clients reached\r\n');
    expect(plane.stats().clientsRejected).toBe(1);
    clients[0]!.close();
    await eventually('there is room', async () => {
      const next = await RespClient.connect(port);
      next.send('PING\r\n');
      const isIn = await next.reply().then(String, () => '');
      next.close();
      return isIn === '+PONG\r\n';
    });
    for (const client of clients) client.close();
  });
});

describe('replies that are not taken', () => {
  test('close a client that holds more than it may', async () => {
    const { port, plane } = await start('client_output_limit=3000000\nsession_max_pipeline=64');
    const other = await RespClient.connect(port);
    const slow = slowReader(port, 64);
    await eventually('it is closed', () => plane.stats().clientsClosedForOutput === 1);
    expect(await other.text('PING')).toBe('+PONG\r\n');
    expect((await other.call('GET', 'large')).length).toBeGreaterThan(1_000_000);
    await eventually('nothing is held for it', () => plane.stats().outputBytes === 0);
    slow.destroy();
    other.close();
  });

  test('close those who hold most when all together hold too much', async () => {
    const { port, plane } = await start('total_output_limit=3000000\nsession_max_pipeline=1');
    const other = await RespClient.connect(port);
    for (let count = 0; count < 6; count++) slowReader(port, 40);
    await eventually('some are closed', () => plane.stats().clientsClosedForOutput > 0);
    await eventually('the rest is within the bound', () => {
      const { outputBytes } = plane.stats();
      return outputBytes > 0 && outputBytes <= 3_000_000;
    });
    expect(plane.stats().clientsClosedForOutput).toBeLessThan(6);
    expect((await other.call('GET', 'large')).length).toBeGreaterThan(1_000_000);
    other.close();
  });

  test('have fewer commands asked for, once replies are known to be large', async () => {
    const { port, plane } = await start('');
    const client = await RespClient.connect(port);
    await client.call('GET', 'large');
    slowReader(port, 300);
    await eventually('it gets its first replies', () => plane.stats().outputBytes > 0);
    for (let count = 0; count < 50; count++) {
      expect((await client.call('GET', 'large')).length).toBeGreaterThan(1_000_000);
    }
    // Without, all 300 would have been fetched by now.
    expect(plane.stats().outputBytes).toBeLessThan(150_000_000);
    client.close();
  });
});

test('commands that do not come to their end close those who have sent most', async () => {
  const { port, plane } = await start('total_input_limit=5000000');
  const patient = await RespClient.connect(port);
  for (let count = 0; count < 4; count++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000000\r\n');
    socket.write(Buffer.alloc(2_000_000));
    sockets.push(socket);
  }
  await eventually('some are closed', () => plane.stats().clientsClosedForInput > 0);
  await eventually('the rest is within the bound', () => plane.stats().inputBytes <= 5_000_000);
  expect(plane.stats().clientsClosedForInput).toBeLessThan(4);
  expect(await patient.text('PING')).toBe('+PONG\r\n');
  patient.close();
});

test('a server with too many unanswered commands has its clients wait, not fail', async () => {
  const { port } = await start('backend_max_in_flight=10\nsession_max_pipeline=1000');
  const clients = await Promise.all(Array.from({ length: 5 }, () => RespClient.connect(port)));
  await Promise.all(
    clients.map(async (client, index) => {
      for (let round = 0; round < 3; round++) {
        const commands = Array.from({ length: 500 }, (_, n) => ['SET', `k:${index}:${n}`, `${n}`]);
        const replies = await client.pipeline(commands);
        expect(new Set(replies.map(String))).toEqual(new Set(['+OK\r\n']));
      }
    }),
  );
  for (const client of clients) client.close();
});

test('the guard closes no more than it has to', () => {
  const guard = new MemoryGuard({ outputPerClient: 100, outputTotal: 100, inputTotal: 100 });
  const closed: number[] = [];
  const clients = [10, 60, 50, 20].map((pendingOutput, index) => ({
    pendingOutput,
    pendingInput: 0,
    destroy: () => closed.push(index),
  }));
  guard.look(clients);
  expect(closed).toEqual([1]);
  expect(guard).toMatchObject({ outputBytes: 80, inputBytes: 0, closed: { output: 1, input: 0 } });
});

describe('between two looks the guard', () => {
  function client(pendingOutput: number, onClosed: () => void) {
    return { pendingOutput, pendingInput: 0, destroy: onClosed };
  }

  test('acts as soon as it is told of too much', () => {
    const guard = new MemoryGuard({ outputPerClient: 900, outputTotal: 1000, inputTotal: 1 });
    const closed: string[] = [];
    const large = client(500, () => closed.push('large'));
    const small = client(100, () => closed.push('small'));
    expect(guard.admitsOutput(large)).toBe(true);
    expect(guard.admitsOutput(small)).toBe(true);
    small.pendingOutput = 400;
    expect(guard.admitsOutput(small)).toBe(true);
    expect(guard.outputBytes).toBe(900);
    small.pendingOutput = 490;
    expect(guard.admitsOutput(small)).toBe(true);
    expect(closed).toEqual(['large']);
    expect(guard).toMatchObject({ outputBytes: 490, closed: { output: 1, input: 0 } });
  });

  test('counts anew before it closes, and forgets who has gone', () => {
    const guard = new MemoryGuard({ outputPerClient: 900, outputTotal: 1000, inputTotal: 1 });
    const closed: string[] = [];
    const reading = client(600, () => closed.push('reading'));
    const gone = client(200, () => closed.push('gone'));
    const other = client(700, () => closed.push('other'));
    guard.admitsOutput(reading);
    guard.admitsOutput(gone);
    guard.forget(gone);
    reading.pendingOutput = 10;
    expect(guard.admitsOutput(other)).toBe(true);
    expect(closed).toEqual([]);
    expect(guard.outputBytes).toBe(710);
    other.pendingOutput = 901;
    expect(guard.admitsOutput(other)).toBe(false);
    expect(closed).toEqual(['other']);
  });

  test('says so when the one who tells is closed', () => {
    const guard = new MemoryGuard({ outputPerClient: 900, outputTotal: 1000, inputTotal: 1 });
    const closed: string[] = [];
    guard.admitsOutput(client(400, () => closed.push('other')));
    expect(guard.admitsOutput(client(800, () => closed.push('teller')))).toBe(false);
    expect(closed).toEqual(['teller']);
    expect(guard.outputBytes).toBe(400);
  });
});
