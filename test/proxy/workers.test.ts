import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { RespClient } from '../support/resp-client.js';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ proxyArgs: ['--cpu=2'] });
});
afterAll(() => cluster.stop());

/** The worker processes of the proxy. */
function workerPids(): number[] {
  const { pid } = cluster.proxy.process;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children.split(' ').filter(Boolean).map(Number);
}

/** Clients that a worker has answered. */
async function connectMany(count: number): Promise<RespClient[]> {
  const { port } = cluster.proxy;
  const clients = Array.from({ length: count }, () => RespClient.connect(port));
  const connected = await Promise.all(clients);
  await Promise.all(connected.map((client) => client.call('PING')));
  return connected;
}

describe('a proxy of several workers', () => {
  it('serves clients in all of them, each with an id of its own', async () => {
    expect(workerPids()).toHaveLength(2);
    const clients = await connectMany(20);
    const ids = await Promise.all(clients.map((client) => client.text('CLIENT', 'ID')));
    expect(new Set(ids).size).toBe(20);
    expect(new Set(ids.map((id) => Number(id.slice(1)) % 2)).size).toBe(2);
    await Promise.all(clients.map((client, index) => client.call('SET', `w:${index}`, 'x')));
    await eventually('the figures of all workers are summed', async () => {
      const vars = await (await fetch(`${cluster.proxy.adminUrl}/debug/vars`)).json();
      const { router } = vars as { router: { cmds: { cmd: string; calls: number }[] } };
      return router.cmds.find(({ cmd }) => cmd === 'SET')?.calls === 20;
    });
    for (const client of clients) client.close();
  });

  it('acknowledges a change when all of them have applied it', async () => {
    const clients = await connectMany(10);
    const slotId = slotOf('moved');
    const slot = (await cluster.store.loadSlot(slotId))!;
    const other = slot.group_id === 1 ? 2 : 1;
    await clients[0]!.call('SET', 'moved', 'here');
    const seq = await cluster.standIn.changeSlot({ ...slot, group_id: other });
    await cluster.standIn.acknowledged(seq, cluster.proxy.id);
    // No client of any worker sees the old owner any more.
    for (const client of clients) expect(await client.text('GET', 'moved')).toBe('$-1\r\n');
    await cluster.standIn.acknowledged(await cluster.standIn.changeSlot(slot), cluster.proxy.id);
    for (const client of clients) client.close();
  });

  it('replaces a worker that dies; clients of the others notice nothing', async () => {
    const clients = await connectMany(10);
    const ids = await Promise.all(clients.map((client) => client.text('CLIENT', 'ID')));
    const [killed] = workerPids() as [number];
    process.kill(killed, 'SIGKILL');
    const firstCut = clients.map((client, index) => client.closed.then(() => index));
    const killedParity = Number(ids[await Promise.race(firstCut)]!.slice(1)) % 2;
    const isKilled = (id: string) => Number(id.slice(1)) % 2 === killedParity;
    await Promise.all(clients.filter((_, index) => isKilled(ids[index]!)).map((c) => c.closed));
    const living = clients.filter((_, index) => !isKilled(ids[index]!));
    expect(living.length).toBeGreaterThan(0);
    expect(living.length).toBeLessThan(clients.length);
    for (const client of living) expect(await client.text('SET', 'a', '1')).toBe('+OK\r\n');
    await eventually('it is replaced', () => {
      const pids = workerPids();
      return pids.length === 2 && !pids.includes(killed);
    });
    // The new one knows the table, and serves its share of new clients.
    await eventually('all workers serve', async () => {
      const fresh = await connectMany(10);
      const replies = await Promise.all(fresh.map((client) => client.text('GET', 'a')));
      const ids = await Promise.all(fresh.map((client) => client.text('CLIENT', 'ID')));
      for (const client of fresh) client.close();
      expect(replies.every((reply) => reply === '$1\r\n1\r\n')).toBe(true);
      return new Set(ids.map((id) => Number(id.slice(1)) % 2)).size === 2;
    });
    for (const client of living) client.close();
  });

  it('drains and ends with all of its workers', async () => {
    const client = await RespClient.connect(cluster.proxy.port);
    const replies = client.pipeline(
      Array.from({ length: 5000 }, (_, index) => ['SET', `drain:${index}`, 'x']),
    );
    expect(await client.isClosed).toBe(false);
    const pids = workerPids();
    expect(await replies).toHaveLength(5000);
    expect(await cluster.proxy.process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await eventually('the workers are gone', () => pids.every((pid) => !isAlive(pid)));
    expect(await cluster.store.loadFences()).toEqual([]);
    client.close();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
