import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Jodis } from '../../jodis/jodis.js';
import { TestCluster } from '../support/cluster.js';
import { PRODUCT } from '../support/stand-in-dashboard.js';
import { Load } from './load.js';

const ROUNDS = Number(process.env.ROLLING_RESTARTS ?? 1);

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ proxies: 3, dashboard: 'process' });
}, 120_000);

afterAll(() => cluster?.stop());

/** Restarts every proxy, one after the other, as an operator does for a new version. */
async function restartAll(loads: readonly Load[]): Promise<void> {
  for (const proxy of cluster.proxies) {
    await Promise.all(loads.map((load) => load.passed(20)));
    expect(await proxy.process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    proxy.spawn();
    await proxy.serves();
  }
  await Promise.all(loads.map((load) => load.passed(20)));
}

test('no command fails, for Jodis and for plain clients that reconnect', async () => {
  const jodis = new Jodis({
    product: PRODUCT,
    coordinator: 'embedded',
    embeddedPath: cluster.embeddedPath,
  });
  const own = jodis.connection();
  const plain = cluster.proxies.flatMap(({ port }) => [
    new Redis(port, '127.0.0.1'),
    new Redis5(port, '127.0.0.1') as unknown as Redis,
  ]);
  // A closed connection is told by an event; what counts is what becomes of the commands.
  for (const client of [jodis, own, ...plain]) client.on('error', () => {});
  const loads = [
    Load.of(jodis, 8, 'jodis'),
    Load.of(own, 2, 'own'),
    ...plain.map((client, index) => Load.of(client, 2, `plain${index}`)),
  ];
  for (let round = 0; round < ROUNDS; round++) await restartAll(loads);
  const errors = (await Promise.all(loads.map((load) => load.stop()))).map((load) => load.errors);
  expect(errors.flat()).toEqual([]);
  for (const client of [jodis, own, ...plain]) client.disconnect();
});
