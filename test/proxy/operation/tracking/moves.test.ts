import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { TcpLink } from '../../../support/tcp-link.js';
import { MovingSlots } from '../moving.js';
import { TrackingClient } from './tracking-client.js';

const K1 = keyInSlots(0, 511);
const K2 = keyInSlots(512, 1023);
/** The keys of some slots of both groups: those that move, and others. */
const KEYS = Array.from({ length: 8 }, (_, n) =>
  keyInSlots(n < 4 ? 0 : 512, n < 4 ? 511 : 1023, `k${n}:`),
);

let servers: [RedisServer, RedisServer];
/** The first group is reached by this. */
let link: TcpLink;
let proxies: [TestDataPlane, TestDataPlane];
let slots: MovingSlots;
let clients: TrackingClient[];

beforeEach(async () => {
  clients = [];
  servers = await Promise.all([startRedis(), startRedis()]);
  link = await TcpLink.to(servers[0].port);
  const addrs = [`127.0.0.1:${link.port}`, servers[1].addr];
  proxies = await Promise.all([startDataPlane(addrs), startDataPlane(addrs)]);
  slots = new MovingSlots(proxies, servers);
});

afterEach(async () => {
  for (const client of clients) client.close();
  for (const proxy of proxies) proxy.close();
  link.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function connect(proxy: 0 | 1, protocol: 2 | 3 = 3): Promise<TrackingClient> {
  const client = await TrackingClient.connect(proxies[proxy].port, protocol);
  clients.push(client);
  return client;
}

/** Long enough that something is in the cache between two writes. */
const WRITE_PAUSE_MS = 5;

/** A client that keeps what it has read until it is told that it has changed. */
class Cache {
  readonly #client: TrackingClient;
  readonly #ear: TrackingClient;
  readonly #values = new Map<string, string>();
  readonly #read: (key: string) => readonly (readonly string[])[];
  #heard = 0;
  hits = 0;

  constructor(
    client: TrackingClient,
    ear: TrackingClient,
    read: (key: string) => readonly (readonly string[])[],
  ) {
    this.#client = client;
    this.#ear = ear;
    this.#read = read;
  }

  async get(key: string): Promise<string> {
    this.#forget();
    const known = this.#values.get(key);
    if (known !== undefined) {
      this.hits++;
      return known;
    }
    const before = this.#ear.told.length;
    const value = (await this.#client.callAll(this.#read(key))).at(-1)!;
    // Told by another connection, it may be told while the old value is on its way.
    const told = this.#ear === this.#client ? [] : this.#ear.told.slice(before);
    if (value[0] !== '-' && !told.includes(key) && !told.includes('*')) {
      this.#values.set(key, value);
    }
    return value;
  }

  /** Says what it is told meanwhile. */
  async listen(): Promise<void> {
    await this.#client.call('PING');
    if (this.#ear !== this.#client) await this.#ear.call('PING');
    this.#forget();
  }

  #forget(): void {
    const { told } = this.#ear;
    for (; this.#heard < told.length; this.#heard++) {
      const key = told[this.#heard]!;
      if (key === '*') this.#values.clear();
      else this.#values.delete(key);
    }
  }
}

type Read = (key: string) => readonly (readonly string[])[];
const plainly: Read = (key) => [['GET', key]];
const MODES: readonly (readonly [name: string, options: readonly string[], read: Read])[] = [
  ['all that is read', [], plainly],
  [
    'OPTIN',
    ['OPTIN'],
    (key) => [
      ['CLIENT', 'CACHING', 'YES'],
      ['GET', key],
    ],
  ],
  ['BCAST', ['BCAST', 'PREFIX', 'k'], plainly],
  ['RESP2 and REDIRECT', ['REDIRECT'], plainly],
  ['RESP2, BCAST and REDIRECT', ['BCAST', 'REDIRECT'], plainly],
];

describe('a cache is never old for long', () => {
  it.each(MODES)('%s: slots move, connections are lost', async (_name, options, read) => {
    const isRedirected = options.includes('REDIRECT');
    const client = await connect(0, isRedirected ? 2 : 3);
    const ear = isRedirected ? await connect(0, 2) : client;
    const id = (await ear.call('CLIENT', 'ID')).slice(1, -2);
    if (isRedirected) await ear.call('SUBSCRIBE', '__redis__:invalidate');
    const words = ['CLIENT', 'TRACKING', 'ON', ...options, ...(isRedirected ? [id] : [])];
    expect(await client.call(...words)).toBe('+OK\r\n');
    const cache = new Cache(client, ear, read);
    const writers = await Promise.all([connect(0, 2), connect(1, 2)]);
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        for (const key of KEYS) await cache.get(key);
        await cache.listen();
      }
    })();
    const writing = writers.map(async (writer, index) => {
      for (let n = 0; !isOver; n++) {
        const key = KEYS[(n * 3 + index) % KEYS.length]!;
        await writer.call(...(n % 5 === 0 ? ['DEL', key] : ['SET', key, `${index}-${n}`]));
        await sleep(WRITE_PAUSE_MS);
      }
    });
    for (let round = 0; round < 3; round++) {
      // One way at a time: two servers that send to each other wait for each other.
      await slots.move(KEYS.slice(0, 2));
      link.cut();
      link.mend();
      const { hits } = cache;
      await eventually('it is of use', () => cache.hits > hits + 50);
      await slots.move(KEYS.slice(4, 6));
    }
    isOver = true;
    await Promise.all([reading, ...writing]);
    for (const key of KEYS) {
      await eventually(`${key} is as it is`, async () => {
        await cache.listen();
        const value = await writers[1]!.call('GET', key);
        return (await cache.get(key)).replace('_', '$-1') === value;
      });
    }
  });

  it('a key that was missing, and is made where its slot has gone', async () => {
    const client = await connect(0);
    const writer = await connect(1);
    await client.call('CLIENT', 'TRACKING', 'ON');
    expect(await client.call('GET', K1)).toBe('_\r\n');
    await slots.move([K2]);
    await client.call('PING');
    expect(client.told).toEqual([]);
    await slots.move([K1]);
    await client.isTold('*');
    await writer.call('SET', K1, 'x');
    expect(await client.call('GET', K1)).toBe('$1\r\nx\r\n');
    await writer.call('SET', K1, 'y');
    await client.isTold(K1);
  });

  it('another master: all may have changed, and the new one tells from then on', async () => {
    const other = await startRedis();
    const client = await connect(0);
    const broadcast = await connect(0);
    await client.call('CLIENT', 'TRACKING', 'ON');
    await broadcast.call('CLIENT', 'TRACKING', 'ON', 'BCAST');
    await client.call('GET', K1);
    await slots.apply({ slots: [], groups: [{ groupId: 1, master: other.addr, replicas: [] }] });
    await client.isTold('*');
    await broadcast.isTold('*');
    const direct = await TrackingClient.connect(other.port, 2);
    clients.push(direct);
    await direct.call('SET', K1, 'x');
    await broadcast.isTold(K1);
    expect(await client.call('GET', K1)).toBe('$1\r\nx\r\n');
    await direct.call('SET', K1, 'y');
    await client.isTold(K1);
    await other.stop();
  });
});
