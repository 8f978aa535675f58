import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { encodeCommand, RespClient } from '../../../support/resp-client.js';
import { MovingSlots } from '../moving.js';

const Q1 = keyInSlots(0, 511, 'queue');
const Q2 = keyInSlots(512, 1023, 'queue');

let servers: [RedisServer, RedisServer];
let proxies: [TestDataPlane, TestDataPlane];
let slots: MovingSlots;
let clients: RespClient[];

beforeEach(async () => {
  clients = [];
  servers = await Promise.all([startRedis(), startRedis()]);
  const addrs = servers.map(({ addr }) => addr);
  proxies = await Promise.all([startDataPlane(addrs), startDataPlane(addrs)]);
  slots = new MovingSlots(proxies, servers);
});

afterEach(async () => {
  for (const client of clients) client.close();
  for (const proxy of proxies) proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function connect(proxy: number): Promise<RespClient> {
  const client = await RespClient.connect(proxies[proxy]!.port);
  clients.push(client);
  return client;
}

/** Pops until it is told to stop by an element. @returns what it has got */
async function consume(client: RespClient, command: readonly string[]): Promise<string[]> {
  const got: string[] = [];
  for (;;) {
    const reply = await client.text(...command);
    if (reply.startsWith('*-1')) continue;
    if (!reply.startsWith('*2')) throw new Error(reply);
    const value = reply.split('\r\n')[4]!;
    if (value === 'stop') return got;
    got.push(value);
  }
}

describe('clients that wait while slots move', () => {
  it('get every element exactly once, through two proxies, of queues in both groups', async () => {
    const commands = [
      ['BLPOP', Q1, '0'],
      ['BRPOP', Q1, Q2, '0.5'],
      ['BLPOP', Q2, Q1, '0'],
      ['BLPOP', Q2, '0.2'],
    ];
    const consumers = await Promise.all(
      [0, 1].flatMap((proxy) =>
        commands.map(async (command) => ({ client: await connect(proxy), command })),
      ),
    );
    const consumed = Promise.all(consumers.map(({ client, command }) => consume(client, command)));
    const pushed: string[] = [];
    let isMoving = true;
    const produce = async (proxy: number): Promise<void> => {
      const client = await connect(proxy);
      for (let n = 0; isMoving || n < 200; n++) {
        const value = `${proxy}:${n}`;
        const reply = await client.text('RPUSH', n % 2 === 0 ? Q1 : Q2, value);
        expect(reply).toMatch(/^:\d+\r\n$/);
        pushed.push(value);
      }
    };
    const produced = Promise.all([produce(0), produce(1)]);
    for (let round = 0; round < 6; round++) {
      await slots.move(round % 3 === 2 ? [Q1, Q2] : [round % 3 === 0 ? Q1 : Q2]);
    }
    isMoving = false;
    await produced;
    const client = await connect(0);
    await eventually('the queues are empty', async () => {
      const lengths = await client.pipeline([
        ['LLEN', Q1],
        ['LLEN', Q2],
      ]);
      return lengths.every((length) => String(length) === ':0\r\n');
    });
    // One at a time: nobody takes two of them.
    let isOver = false;
    const stopped = consumed.then((all) => {
      isOver = true;
      return all;
    });
    while (!isOver) {
      for (const queue of [Q1, Q2]) await client.call('RPUSH', queue, 'stop');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const got = (await stopped).flat();
    expect(got.length).toBe(pushed.length);
    expect(new Set(got)).toEqual(new Set(pushed));
  });

  it('do not mind that a key is of another type meanwhile', async () => {
    const stream = `{${Q1}}stream`;
    const [popper, reader, other] = await Promise.all([connect(0), connect(0), connect(1)]);
    popper.send(encodeCommand(['BLPOP', Q1, '0']));
    reader.send(encodeCommand(['XREAD', 'BLOCK', '0', 'STREAMS', stream, '$']));
    const admin = await RespClient.connect(servers[0].port);
    clients.push(admin);
    await eventually('both wait', async () =>
      (await admin.text('INFO', 'clients')).includes('blocked_clients:2\r\n'),
    );
    await other.call('SET', Q1, 'text');
    await other.call('SET', stream, 'text');
    await slots.move([Q1]);
    for (const key of [Q1, stream]) await other.call('DEL', key);
    await other.call('RPUSH', Q1, 'x');
    await other.call('XADD', stream, '7-0', 'f', 'v');
    expect(String(await popper.reply())).toContain('\r\nx\r\n');
    expect(String(await reader.reply())).toContain('\r\n7-0\r\n');
    await other.call('SET', Q1, 'text');
    expect(await popper.text('BLPOP', Q1, '0')).toMatch(/^-WRONGTYPE/);
    expect(await popper.text('XREAD', 'BLOCK', '0', 'STREAMS', Q1, '$')).toMatch(/^-WRONGTYPE/);
  });

  it('go on waiting with the time that is left, where the key is', async () => {
    const [forever, short, pusher] = await Promise.all([connect(0), connect(0), connect(1)]);
    const startedAt = performance.now();
    forever.send(encodeCommand(['BLPOP', Q1, '0']));
    short.send(encodeCommand(['BLMOVE', Q1, `{${Q1}}`, 'LEFT', 'LEFT', '1']));
    await slots.move([Q1]);
    expect(String(await short.reply())).toBe('*-1\r\n');
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    await pusher.call('RPUSH', Q1, 'x');
    expect(String(await forever.reply())).toContain('$1\r\nx\r\n');
  });

  it('miss nothing of a stream', async () => {
    const [reader, writer] = await Promise.all([connect(0), connect(1)]);
    await writer.call('XADD', Q1, '1-1', 'f', 'old');
    reader.send(encodeCommand(['XREAD', 'BLOCK', '0', 'STREAMS', Q1, '$']));
    await slots.move([Q1]);
    await writer.call('XADD', Q1, '2-1', 'f', 'new');
    const reply = String(await reader.reply());
    expect(reply).toContain('2-1');
    expect(reply).not.toContain('old');
  });

  it('are served by the new master after a promotion, or told that the outcome is unknown', async () => {
    const [first] = servers;
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(first.port)]);
    try {
      const admin = await RespClient.connect(replica.port);
      await eventually('it replicates', async () => {
        return (await admin.text('INFO', 'replication')).includes('master_link_status:up');
      });
      const [planned, pusher] = await Promise.all([connect(0), connect(1)]);
      planned.send(encodeCommand(['BLPOP', Q1, '0']));
      const atFirst = await RespClient.connect(first.port);
      await eventually('it waits', async () => {
        return (await atFirst.text('INFO', 'clients')).includes('blocked_clients:1');
      });
      // As `server promote` does: the servers first, then the proxies.
      await admin.call('REPLICAOF', 'NO', 'ONE');
      await atFirst.call('REPLICAOF', '127.0.0.1', replica.port);
      await slots.apply({
        groups: [{ groupId: 1, master: replica.addr, replicas: [first.addr] }],
        slots: [],
      });
      await pusher.call('RPUSH', Q1, 'x');
      expect(String(await planned.reply())).toContain('$1\r\nx\r\n');

      planned.send(encodeCommand(['BLPOP', Q1, '0']));
      await eventually('it waits', async () => {
        return (await admin.text('INFO', 'clients')).includes('blocked_clients:1');
      });
      await replica.stop();
      expect(String(await planned.reply())).toMatch(/lost.*outcome|executed is unknown/);
      atFirst.close();
      admin.close();
    } finally {
      await replica.stop();
    }
  });
});
