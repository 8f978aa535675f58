import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../cluster/slot-hash.js';
import { quiet, startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

let server: RedisServer;
let next: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;
let other: RespClient;

beforeEach(async () => {
  [server, next] = await Promise.all([startRedis(), startRedis()]);
  const direct = await RespClient.connect(next.port);
  await direct.text('MSET', 'a', '1', 'b', '2', '{a}2', '3');
  direct.close();
  proxy = await startDataPlane([server.addr], {
    ini: 'backend_wait=20000\nbackend_timeout=60000\nha_down_after=300',
  });
  [client, other] = [await RespClient.connect(proxy.port), await RespClient.connect(proxy.port)];
  await client.text('PING');
  await quiet(proxy);
  server.process.kill('SIGSTOP');
});
afterEach(async () => {
  client.close();
  other.close();
  proxy.close();
  await Promise.all([server.stop(), next.stop()]);
});

/** The heartbeat of the connection may be among them. */
async function inFlight(addr: string, count: number): Promise<void> {
  await eventually('the commands are in flight', () => {
    const found = proxy.plane.stats().backends.find((backend) => backend.addr === addr);
    return (found?.inFlight ?? 0) >= count;
  });
}

async function lost(): Promise<void> {
  await server.stop();
  await eventually('the proxy has noticed', () =>
    proxy.plane.stats().backends.every(({ state }) => state !== 'ready'),
  );
}

function replaceMaster(): Promise<void> {
  const groups = [{ groupId: 1, master: next.addr, replicas: [] }];
  return proxy.plane.apply({ slots: [], groups });
}

async function replies(from: RespClient, count: number): Promise<string[]> {
  return (await from.replies(count)).map(String);
}

describe('reads in flight to a master that is lost', () => {
  it('are answered by the next one, in their turn; writes fail, and reads before them', async () => {
    client.send('GET a\r\nSET b x\r\nGET b\r\nMGET a {a}2\r\nEXISTS a\r\n');
    other.send('GET a\r\n');
    await inFlight(server.addr, 6);
    await lost();
    await replaceMaster();
    const [before, write, ...after] = await replies(client, 5);
    expect(before).toMatch(/^-ERR slot \d+ group 1: server \S+ lost \(/);
    expect(write).toMatch(/whether the command was executed is unknown/);
    expect(after).toEqual(['$1\r\n2\r\n', '*2\r\n$1\r\n1\r\n$1\r\n3\r\n', ':1\r\n']);
    expect(await replies(other, 1)).toEqual(['$1\r\n1\r\n']);
    expect(proxy.plane.stats().repeatedReads).toBe(4);
    expect(proxy.plane.stats().waitingCommands).toBe(0);
  });

  it('fail where a page of one server is of no use with another', async () => {
    client.send('HSCAN a 12\r\n');
    await inFlight(server.addr, 1);
    await lost();
    await replaceMaster();
    expect((await replies(client, 1))[0]).toMatch(/^-ERR slot \d+ group 1: server \S+ lost/);
  });

  it('come before what the same client sends afterwards', async () => {
    client.send('GET a\r\n');
    await inFlight(server.addr, 1);
    await lost();
    client.send('SET a later\r\nGET a\r\n');
    await eventually('they wait', () => proxy.plane.stats().waitingCommands === 3);
    await replaceMaster();
    expect(await replies(client, 3)).toEqual(['$1\r\n1\r\n', '+OK\r\n', '$5\r\nlater\r\n']);
  });

  it('are sent once more, not for ever', async () => {
    // Shakes hands, and ends with the first read.
    const mortal = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        const text = String(bytes);
        if (text.includes('GET')) socket.destroy();
        else socket.write('+OK\r\n'.repeat(text.split('*').length - 1));
      });
    });
    mortal.listen(0, '127.0.0.1');
    await once(mortal, 'listening');
    const addr = `127.0.0.1:${(mortal.address() as AddressInfo).port}`;
    client.send('GET a\r\n');
    await inFlight(server.addr, 1);
    await lost();
    await proxy.plane.apply({ slots: [], groups: [{ groupId: 1, master: addr, replicas: [] }] });
    expect((await replies(client, 1))[0]).toMatch(/^-ERR slot \d+ group 1: server \S+ lost/);
    expect(proxy.plane.stats().repeatedReads).toBe(1);
    mortal.close();
  });

  it('fail where their slot is being given away', async () => {
    client.send('GET a\r\n');
    await inFlight(server.addr, 1);
    const slots = [
      { slotId: slotOf('a'), status: 'pre_migrate', groupId: 1, migrateFrom: -1 } as const,
    ];
    const acknowledged = proxy.plane.apply({ groups: [], slots });
    await lost();
    expect((await replies(client, 1))[0]).toMatch(/^-ERR slot \d+ group 1: server \S+ lost/);
    await acknowledged;
    expect(proxy.plane.stats().repeatedReads).toBe(0);
  });
});

describe('reads in flight to a master that hangs', () => {
  it('are answered by its successor', async () => {
    client.send('GET a\r\nGET b\r\n');
    other.send('SET b x\r\n');
    await eventually('it is missed', () => (proxy.plane.stats().backends[0]!.silentMs ?? 0) > 300);
    await replaceMaster();
    expect(await replies(client, 2)).toEqual(['$1\r\n1\r\n', '$1\r\n2\r\n']);
    expect((await replies(other, 1))[0]).toMatch(/its group has another master\); whether/);
    expect(proxy.plane.stats().repeatedReads).toBe(2);
  });
});
