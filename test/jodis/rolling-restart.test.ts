import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { createClient } from 'redis6';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Jodis } from '../../jodis/jodis.js';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { PRODUCT } from '../support/stand-in-dashboard.js';
import { Load } from './load.js';

const ROUNDS = Number(process.env.ROLLING_RESTARTS ?? 1);
/** Three processes end and start in each round, on a machine that may be busy. */
const DEADLINE_MS = 120_000 * ROUNDS;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ proxies: 3 });
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

test(
  'no command fails, for Jodis and for plain clients that reconnect',
  async () => {
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
    // Asks to be told where to go, as it does by itself with RESP3.
    const told = cluster.proxies.map(({ port }) =>
      createClient({ RESP: 3, socket: { host: '127.0.0.1', port } }),
    );
    // A closed connection is told by an event; what counts is what becomes of the commands.
    for (const client of [jodis, own, ...plain]) client.on('error', () => {});
    for (const client of told) client.on('error', () => {});
    await Promise.all(told.map((client) => client.connect()));
    const loads = [
      Load.of(jodis, 8, 'jodis'),
      Load.of(own, 2, 'own'),
      ...plain.map((client, index) => Load.of(client, 2, `plain${index}`)),
      ...told.map((client, index) => Load.of(client, 2, `told${index}`)),
    ];
    for (let round = 0; round < ROUNDS; round++) await restartAll(loads);
    const errors = (await Promise.all(loads.map((load) => load.stop()))).map((load) => load.errors);
    expect(errors.flat()).toEqual([]);
    for (const client of [jodis, own, ...plain]) client.disconnect();
    for (const client of told) client.destroy();
  },
  DEADLINE_MS,
);

test(
  'who waits for an element gets it, and it is lost to nobody',
  async () => {
    const jodis = new Jodis({
      product: PRODUCT,
      coordinator: 'embedded',
      embeddedPath: cluster.embeddedPath,
    });
    const plain = new Redis(cluster.proxies[0]!.port, '127.0.0.1');
    for (const client of [jodis, plain]) client.on('error', () => {});
    const forEver = [jodis.blpop('queue', 0), jodis.blpop('queue', 0), jodis.blpop('queue', 0)];
    const withinAnHour = plain.blpop('other', 3600);
    await eventually('they wait', async () => {
      const infos = await Promise.all(cluster.groups.map(blockedClients));
      return infos.reduce((sum, count) => sum + count) === 4;
    });
    await restartAll([]);
    // A plain one is told that its time is over, and asks again.
    expect(await withinAnHour).toBeNull();
    await jodis.rpush('queue', 'a', 'b', 'c');
    const popped = await Promise.all(forEver);
    expect(popped.map((reply) => reply?.[1]).sort()).toEqual(['a', 'b', 'c']);
    for (const client of [jodis, plain]) client.disconnect();
  },
  DEADLINE_MS,
);

async function blockedClients({ port }: { readonly port: number }): Promise<number> {
  const redis = new Redis(port, '127.0.0.1');
  const info = await redis.info('clients');
  redis.disconnect();
  return Number(/^blocked_clients:(\d+)/m.exec(info)?.[1]);
}
