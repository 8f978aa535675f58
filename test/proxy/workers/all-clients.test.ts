import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from '../../support/cluster.js';
import { eventually } from '../../support/eventually.js';
import { RespClient } from '../../support/resp-client.js';
import { TrackingClient } from '../operation/tracking/tracking-client.js';

let cluster: TestCluster;
const clients: { close(): void }[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({ proxyArgs: ['--cpu=2'] });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => cluster.stop());

interface OfWorker<Client> {
  readonly client: Client;
  readonly id: number;
}

/** A client of each worker: their ids tell which. */
async function oneOfEach<Client extends { close(): void }>(
  connect: () => Promise<Client>,
  idOf: (client: Client) => Promise<string>,
): Promise<[OfWorker<Client>, OfWorker<Client>]> {
  const found = new Map<number, OfWorker<Client>>();
  while (found.size < 2) {
    const client = await connect();
    const id = Number((await idOf(client)).slice(1));
    if (found.has(id % 2)) client.close();
    else found.set(id % 2, { client, id });
  }
  const pair = [...found.values()] as [OfWorker<Client>, OfWorker<Client>];
  clients.push(...pair.map(({ client }) => client));
  return pair;
}

function pairOfClients() {
  return oneOfEach(
    () => RespClient.connect(cluster.proxy.port),
    (client) => client.text('CLIENT', 'ID'),
  );
}

describe('commands about all clients, with two workers', () => {
  it('CLIENT LIST has all of them, CLIENT KILL reaches them', async () => {
    const [one, two] = await pairOfClients();
    await two.client.call('CLIENT', 'SETNAME', 'over-there');
    const list = await one.client.text('CLIENT', 'LIST');
    const ids = [...list.matchAll(/^(?:.*\r\n)?id=(\d+) /gm)].map(([, id]) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids).toEqual(expect.arrayContaining([one.id, two.id]));
    expect(await one.client.text('CLIENT', 'LIST', 'ID', two.id)).toContain('name=over-there');
    expect(await one.client.text('CLIENT', 'LIST', 'TYPE', 'nonsense')).toMatch(/^-ERR Unknown/);
    expect(await one.client.text('CLIENT', 'KILL', 'ID', two.id)).toBe(':1\r\n');
    await two.client.closed;
    expect(await one.client.text('CLIENT', 'KILL', 'ID', two.id)).toBe(':0\r\n');
    expect(await one.client.text('CLIENT', 'KILL', '1.2.3.4:5')).toBe('-ERR No such client\r\n');
  });

  it('CLIENT UNBLOCK', async () => {
    const [one, two] = await pairOfClients();
    const popped = two.client.text('BLPOP', 'nothing', 0);
    await eventually('it waits', async () => {
      return (await one.client.text('CLIENT', 'UNBLOCK', two.id)) === ':1\r\n';
    });
    expect(await popped).toBe('*-1\r\n');
    expect(await one.client.text('CLIENT', 'UNBLOCK', two.id)).toBe(':0\r\n');
  });

  it('PUBLISH and PUBSUB NUMSUB count the clients of all workers one by one', async () => {
    const pairs = [await pairOfClients(), await pairOfClients(), await pairOfClients()];
    const [one, two] = await pairOfClients();
    const listeners = pairs.flat().slice(0, 5);
    for (const { client } of listeners) await client.call('SUBSCRIBE', 'news');
    for (const { client } of [one, two]) {
      expect(await client.text('PUBLISH', 'news', 'x')).toBe(':5\r\n');
      expect(await client.text('PUBSUB', 'NUMSUB', 'news')).toContain(':5\r\n');
      expect(await client.text('PUBLISH', 'nobody', 'x')).toBe(':0\r\n');
    }
    const pattern = listeners[0]!;
    await pattern.client.reply();
    await pattern.client.reply();
    await pattern.client.call('PSUBSCRIBE', 'n*');
    await listeners[1]!.client.replies(2);
    await listeners[1]!.client.call('PSUBSCRIBE', 'n*');
    expect(await one.client.text('PUBSUB', 'NUMPAT')).toBe(':1\r\n');
    for (const { client } of [one, two]) {
      expect(await client.text('PUBLISH', 'news', 'x')).toBe(':7\r\n');
    }
    pattern.client.close();
    await eventually('one is gone', async () => {
      const counts = [one, two].map(({ client }) => client.text('PUBLISH', 'news', 'x'));
      return (await Promise.all(counts)).every((count) => count === ':5\r\n');
    });
  });

  it('MONITOR shows the commands of all workers', async () => {
    const [watcher] = await pairOfClients();
    const [one, two] = await pairOfClients();
    expect(await watcher.client.text('MONITOR')).toBe('+OK\r\n');
    await one.client.call('SET', 'seen', '1');
    await two.client.call('SET', 'seen', '2');
    const lines = [await watcher.client.reply(), await watcher.client.reply()].map(String);
    expect(lines.map((line) => line.slice(line.indexOf(']') + 2)).sort()).toEqual([
      '"SET" "seen" "1"\r\n',
      '"SET" "seen" "2"\r\n',
    ]);
  });

  it('INFO sums the figures of all workers', async () => {
    const [one, two] = await pairOfClients();
    const connected = async ({ client }: OfWorker<RespClient>) =>
      /connected_clients:(\d+)/.exec(await client.text('INFO', 'clients'))![1];
    expect(Number(await connected(one))).toBeGreaterThanOrEqual(2);
    expect(await connected(one)).toBe(await connected(two));
  });

  it('SCRIPT FLUSH: no worker knows the script any more', async () => {
    const [one, two] = await pairOfClients();
    const sha = (await one.client.text('SCRIPT', 'LOAD', 'return 7')).split('\r\n')[1]!;
    await two.client.call('EVAL', 'return 7', 0);
    expect(await two.client.text('EVALSHA', sha, 0)).toBe(':7\r\n');
    expect(await one.client.text('SCRIPT', 'FLUSH')).toBe('+OK\r\n');
    expect(await two.client.text('EVALSHA', sha, 0)).toMatch(/^-NOSCRIPT/);
    expect(await one.client.text('EVALSHA', sha, 0)).toMatch(/^-NOSCRIPT/);
  });

  it('CLIENT TRACKING: invalidations go to a client of another worker', async () => {
    const [one, two] = await oneOfEach(
      () => TrackingClient.connect(cluster.proxy.port),
      (client) => client.call('CLIENT', 'ID'),
    );
    expect(await one.client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', two.id)).toBe('+OK\r\n');
    await one.client.call('GET', 'tracked');
    await two.client.call('SET', 'tracked', '1');
    await two.client.isTold('tracked');
    two.client.close();
    await eventually('it is gone', async () => {
      await one.client.call('GET', 'tracked');
      await one.client.call('INCR', 'tracked');
      return one.client.told.includes('tracking-redir-broken');
    });
  });
});
