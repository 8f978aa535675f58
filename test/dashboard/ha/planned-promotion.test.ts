import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { RespClient } from '../../support/resp-client.js';
import { command, HaCluster } from './ha-cluster.js';

const PROMOTIONS = 4;

let ha: HaCluster;
const loads: Load[] = [];
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
  await ha.stop();
});

/** A client that does one thing after the other, and knows what the answer must be. */
class Load {
  count = 0;
  readonly errors: string[] = [];
  longestMs = 0;
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(port: number, step: (client: RespClient, count: number) => Promise<string | null>) {
    this.#done = this.#run(port, step);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(port: number, step: (client: RespClient, count: number) => Promise<string | null>) {
    const client = await RespClient.connect(port);
    while (!this.#isStopped) {
      const begin = performance.now();
      const error = await step(client, this.count);
      this.longestMs = Math.max(this.longestMs, performance.now() - begin);
      if (error !== null) this.errors.push(error);
      this.count++;
    }
    client.close();
  }
}

function start(port: number, step: ConstructorParameters<typeof Load>[1]): Load {
  const load = new Load(port, step);
  loads.push(load);
  return load;
}

/** Null if that is the reply. */
function expected(reply: Buffer | string, wanted: string): string | null {
  return String(reply) === wanted ? null : `${String(reply).trim()} instead of ${wanted.trim()}`;
}

/** The group's replica becomes the master, and the former one its replica. */
async function exchangeRoles(): Promise<void> {
  const types = await ha.types();
  const [replica] = ha.servers.filter(({ addr }) => types[addr] === 'slave');
  const [master] = ha.servers.filter(({ addr }) => types[addr] === 'master');
  await ha.client.promote(1, replica!.addr);
  await ha.client.addServer(1, master!.addr, 'slave');
  await eventually('the former master follows', async () =>
    String(await command(master!, 'INFO', 'replication')).includes('master_link_status:up'),
  );
}

it('a planned promotion under load is seen by no client but as a wait, and loses nothing', async () => {
  ha = await HaCluster.start({ replicas: 1, proxies: 2, proxyArgs: ['--cpu=2'] });
  const [one, two] = ha.cluster.proxies.map(({ port }) => port) as [number, number];
  const counters = [one, two, one, two].map((port, index) =>
    start(port, async (client, count) =>
      expected(await client.text('INCR', `counter:${index}`), `:${count + 1}\r\n`),
    ),
  );
  const script = "return redis.call('incr', KEYS[1])";
  const scripts = start(one, async (client, count) =>
    expected(await client.text('EVAL', script, 1, 'by-script'), `:${count + 1}\r\n`),
  );
  const transactions = start(two, async (client, count) => {
    const replies = await client.pipeline([
      ['MULTI'],
      ['INCR', '{t}a'],
      ['INCR', '{t}b'],
      ['EXEC'],
    ]);
    return expected(replies.at(-1)!, `*2\r\n:${count + 1}\r\n:${count + 1}\r\n`);
  });
  let aborted = 0;
  let committed = 0;
  const watchers = start(one, async (client) => {
    await client.text('WATCH', '{w}a');
    const value = Number((await client.text('GET', '{w}a')).split('\r\n')[1] ?? 0);
    const replies = await client.pipeline([['MULTI'], ['SET', '{w}a', value + 1], ['EXEC']]);
    const reply = String(replies.at(-1));
    if (reply === '*-1\r\n') aborted++;
    else committed++;
    return reply === '*-1\r\n' ? null : expected(reply, '*1\r\n+OK\r\n');
  });
  const takers = start(two, async (client, count) => {
    const reply = await client.text('BLPOP', 'queue', 0);
    return expected(reply, `*2\r\n$5\r\nqueue\r\n$${String(count).length}\r\n${count}\r\n`);
  });
  const givers = start(one, async (client, count) => {
    await sleep(2);
    const reply = await client.text('RPUSH', 'queue', count);
    return reply.startsWith(':') ? null : reply;
  });
  const waiting = [...counters, scripts, transactions, watchers, givers];
  await eventually('there is load', () => waiting.every(({ count }) => count > 50));
  for (let round = 0; round < PROMOTIONS; round++) {
    const before = waiting.map(({ count }) => count);
    await exchangeRoles();
    await eventually('all go on', () =>
      waiting.every(({ count }, index) => count > before[index]! + 50),
    );
  }
  await Promise.all(waiting.map((load) => load.stop()));
  await eventually('all is taken', () => takers.count === givers.count);
  const last = await RespClient.connect(one);
  await last.text('RPUSH', 'queue', takers.count);
  const stopping = takers.stop();
  await last.text('RPUSH', 'queue', takers.count);
  await stopping;
  const worst = Math.max(...waiting.map(({ longestMs }) => longestMs));
  const commands = waiting.reduce((sum, { count }) => sum + count, 0);
  console.log(
    `${PROMOTIONS} promotions, ${commands} operations, the longest took ${Math.round(worst)} ms; ` +
      `${committed} watched transactions, ${aborted} aborted`,
  );
  expect([...waiting, takers].flatMap(({ errors }) => errors)).toEqual([]);
  for (const [index, { count }] of counters.entries()) {
    expect(await last.text('GET', `counter:${index}`)).toContain(`\r\n${count}\r\n`);
  }
  expect(await last.text('GET', '{w}a')).toContain(`\r\n${committed}\r\n`);
  last.close();
  expect(await ha.cluster.store.coordinator.children(ha.cluster.store.paths.gates)).toEqual([]);
}, 90_000);
