import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler, MODULE, make } from '../../server-patch/module-server.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { TestCluster } from '../test-cluster.js';
import { contentOf, everyType, fill, jobEnds, keyCount, slotsOn, strings } from './support.js';

describe.skipIf(!hasCompiler())('a source with the slots module', () => {
  let cluster: TestCluster;
  let withModule: RedisServer;
  let stock: RedisServer;

  beforeAll(async () => {
    make();
    cluster = await TestCluster.start();
    withModule = await cluster.redis(['--loadmodule', MODULE]);
    stock = await cluster.redis();
    for (const [index, { addr }] of [withModule, stock].entries()) {
      await cluster.client.addGroup(index + 1);
      await cluster.client.addServer(index + 1, addr, 'master');
    }
    await cluster.client.initSlots();
    await cluster.client.setSlots({ from: 0, to: 1023, new_group: 1, status: 'online' });
    await cluster.proxy('proxy_1');
    await fill(withModule, everyType());
    await fill(withModule, [['SELECT', 0], ...strings(20_000)]);
  }, 60_000);
  afterAll(() => cluster?.stop());

  async function scans(server: RedisServer): Promise<number> {
    const client = await RespClient.connect(server.port);
    const stats = await client.text('INFO', 'commandstats');
    client.close();
    return Number(/cmdstat_scan:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it('is asked for the keys of the slots alone', async () => {
    const before = await contentOf(withModule);
    const plan = await cluster.client.planMoves({ kind: 'move', from: 100, to: 119, new_group: 2 });
    expect(plan.is_exact).toBe(true);
    await cluster.client.startMoves({ what: plan.what, moves: plan.moves });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done', keys_moved: plan.keys });
    expect(await scans(withModule)).toBe(0);
    const slots = [...(await slotsOn(stock))];
    expect(slots.length).toBeGreaterThan(10);
    expect(slots.every((slot) => slot >= 100 && slot < 120)).toBe(true);
    expect([...(await slotsOn(withModule))].some((slot) => slot >= 100 && slot < 120)).toBe(false);
    const after = new Map([...(await contentOf(withModule)), ...(await contentOf(stock))]);
    const stays = ([name]: [string, string]) => !name.includes('gone:');
    expect(new Map([...after].filter(stays))).toEqual(new Map([...before].filter(stays)));
  });

  it('gets them back, and gives all of them away', async () => {
    await cluster.client.migrate({ from: 100, to: 119, new_group: 1, delay: 0 });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await keyCount(stock)).toBe(0);
    await cluster.client.migrate({ from: 0, to: 1023, new_group: 2, delay: 0 });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect((await contentOf(withModule)).size).toBe(0);
  });
});
