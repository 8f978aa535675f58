import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Jodis, type JodisOptions } from '../../jodis/jodis.js';
import { type ProxyProcess, TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { PRODUCT } from '../support/stand-in-dashboard.js';
import { startZooKeeperEnsemble, type ZooKeeperEnsemble } from '../support/zookeeper.js';
import { Load } from './load.js';
import { quietly } from './proxy-tree.js';

/** Real proxies that register at a real ensemble of three. */
let ensemble: ZooKeeperEnsemble;
let cluster: TestCluster;
let clients: Jodis[] = [];

beforeAll(async () => {
  ensemble = await startZooKeeperEnsemble();
  cluster = await TestCluster.start({
    zk: ensemble.addr,
    proxies: 2,
    // What a proxy that is killed leaves behind is gone soon.
    config: { zk_session_timeout: 3_000 },
  });
}, 120_000);

afterEach(() => {
  for (const client of clients) client.disconnect();
  clients = [];
});

afterAll(async () => {
  await cluster?.stop();
  await ensemble?.stop();
});

function start(more: Partial<JodisOptions> = {}): Jodis {
  const client = quietly(new Jodis({ product: PRODUCT, zk: ensemble.addr, ...more }));
  clients.push(client);
  return client;
}

/** Commands that the proxy has executed. */
async function operations({ adminUrl }: ProxyProcess): Promise<number> {
  const answer = await fetch(`${adminUrl}/debug/vars`);
  const { router } = (await answer.json()) as { router: { ops: number } };
  return router.ops;
}

async function isUsed(proxy: ProxyProcess, client: Jodis): Promise<boolean> {
  const before = await operations(proxy);
  await Promise.all(Array.from({ length: 10 }, (_, count) => client.set('key', count)));
  return (await operations(proxy)) >= before + 10 / client.proxies.length;
}

test.each(['codis2', 'codis3', 'both'] as const)('layout: %s', async (layout) => {
  const client = start({ layout });
  await client.connect();
  await eventually('both are known', () => client.proxies.length === 2);
  expect(client.proxies).toEqual(cluster.proxies.map(({ addr }) => addr).sort());
  for (const proxy of cluster.proxies) {
    await eventually(`${proxy.id} is used`, () => isUsed(proxy, client));
  }
  const results = await client
    .pipeline()
    .set('a', 1)
    .mset('b', 2, 'c', 3)
    .mget('a', 'b', 'c')
    .exec();
  expect(results!.map(([, value]) => value)).toEqual(['OK', 'OK', ['1', '2', '3']]);
  await client.set('stock', 5);
  await client.watch('stock');
  expect(await client.get('stock')).toBe('5');
  expect(await client.multi().decr('stock').get('stock').exec()).toEqual([
    [null, 4],
    [null, '4'],
  ]);
});

test('a proxy that comes is used within a second, one that is killed fails nobody after', async () => {
  const client = start();
  await client.connect();
  const coming = await cluster.startProxy('proxy_new');
  await coming.serves();
  const servesSince = performance.now();
  await eventually('it is used', () => isUsed(coming, client));
  const waitedMs = performance.now() - servesSince;
  // Milliseconds, in truth: the rest is for a machine that is busy with other tests.
  expect(waitedMs).toBeLessThan(5_000);

  const load = Load.of(client, 4);
  await load.passed(200);
  await coming.process.stop('SIGKILL');
  await load.passed(200);
  const { errors } = await load.stop();
  // Writes that it had taken and not answered: at most one of each of the four.
  expect(errors.filter(({ name }) => name !== 'OutcomeUnknownError')).toEqual([]);
  expect(errors.length).toBeLessThanOrEqual(4);
  // Its node is there until its session ends, and it was left out long before.
  await eventually('its node is gone', () => !client.proxies.includes(coming.addr));
  cluster.proxies.pop();
});

test('a member of the ensemble dies, and nobody notices', async () => {
  const client = start();
  await client.connect();
  const load = Load.of(client, 4);
  const leader = await ensemble.leader();
  await leader.stop();
  await load.passed(500);
  await leader.restart();
  expect((await load.stop()).errors).toEqual([]);
});

test('while ZooKeeper is away the proxies of before serve, and a dead one is left out', async () => {
  const client = start();
  await client.connect();
  await eventually('both are known', () => client.proxies.length === 2);
  const load = Load.of(client, 4);
  await Promise.all(ensemble.servers.map((server) => server.stop()));
  await load.passed(500);
  const [first] = cluster.proxies as [ProxyProcess];
  await first.process.stop('SIGKILL');
  await load.passed(500);
  const before = await load.stop();
  expect(before.errors.filter(({ name }) => name !== 'OutcomeUnknownError')).toEqual([]);
  expect(client.status).toBe('ready');

  // One that starts now waits, or says what is wrong.
  const waiting = start({ proxyDeadlineMs: 60_000 });
  const failing = start({ unreachable: 'fail', startDeadlineMs: 500 });
  await expect(failing.connect()).rejects.toThrow(/^ZooKeeper at .* does not answer \(.+\)$/);
  await expect(failing.get('key')).rejects.toThrow(/^ZooKeeper at .* does not answer/);
  expect(failing.status).toBe('end');
  const command = waiting.set('key', 'late');
  for (const server of ensemble.servers) server.spawn();
  expect(await command).toBe('OK');

  first.spawn();
  await first.serves();
  await eventually('it is used again', () => isUsed(first, client));
  await eventually('by the other one, too', () => isUsed(first, waiting));
});
