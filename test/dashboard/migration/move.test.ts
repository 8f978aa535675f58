import { afterEach, describe, expect, it } from 'vitest';
import type { Action } from '../../../cluster/model/action.js';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import type { TestCluster } from '../test-cluster.js';
import {
  contentOf,
  everyType,
  fill,
  jobEnds,
  keyCount,
  slotsOn,
  strings,
  twoGroups,
} from './support.js';

let cluster: TestCluster;
let first: RedisServer;
let second: RedisServer;
afterEach(() => cluster.stop());

async function start(settings: Record<string, string> = {}): Promise<void> {
  ({ cluster, first, second } = await twoGroups(settings));
}

async function ownersOf(from: number, to: number): Promise<number[]> {
  const slots = (await cluster.client.listSlots()).slice(from, to + 1);
  expect(slots.every(({ state }) => state.status === 'online')).toBe(true);
  return [...new Set(slots.map((slot) => slot.group_id))];
}

describe('a move', () => {
  it('takes keys of every type and database, and leaves those of other slots', async () => {
    await start();
    await fill(first, everyType());
    const before = await contentOf(first);
    await cluster.proxy('proxy_1');
    await cluster.client.migrate({ from: 0, to: 511, new_group: 2, delay: 0 });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done', slots: 512, slots_left: 0 });

    expect(await ownersOf(0, 511)).toEqual([2]);
    expect(await ownersOf(512, 1023)).toEqual([1]);
    expect(Math.max(...(await slotsOn(second)))).toBeLessThan(512);
    expect(Math.min(...(await slotsOn(first)))).toBeGreaterThan(511);
    const after = new Map([...(await contentOf(first)), ...(await contentOf(second))]);
    const stays = ([name]: [string, string]) => !name.includes('gone:');
    expect([...after].filter(stays).length).toBe([...before].filter(stays).length);
    const differing = [...before].filter(stays).filter(([name, dump]) => after.get(name) !== dump);
    expect(differing).toEqual([]);
  });

  it('goes through the records and actions of an original Codis, in their words', async () => {
    await start();
    const proxy = await cluster.proxy('proxy_1');
    const earlier = (await cluster.actions()).length;
    await cluster.client.migrate({ from: 579, to: 579, new_group: 2, delay: 0 });
    await jobEnds(cluster);
    const actions = (await cluster.actions()).slice(earlier);
    const target = (group: number, status: string, from: number, to: number) =>
      `"target":{"product_name":"test","id":579,"group_id":${group},"state":{"status":"${status}",` +
      `"migrate_status":{"from":${from},"to":${to}},"last_op_ts":"0"}},"ts":`;
    expect(actions.map(({ data }) => data.slice(0, data.indexOf('"ts":') + 5))).toEqual([
      `{"type":"slot_premigrate","desc":"",${target(1, 'pre_migrate', -1, -1)}`,
      `{"type":"slot_migrate","desc":"",${target(2, 'migrate', 1, 2)}`,
      `{"type":"slot_changed","desc":"",${target(2, 'online', -1, -1)}`,
    ]);
    for (const { data } of actions) {
      const { receivers } = JSON.parse(data) as Action;
      expect(receivers).toEqual([JSON.stringify(proxy.record)]);
    }
  });

  it('of 100,000 keys leaves none behind', async () => {
    await start();
    await cluster.proxy('proxy_1');
    await cluster.proxy('proxy_2');
    await fill(first, strings(100_000));
    await cluster.client.migrate({ from: 0, to: 1023, new_group: 2, delay: 0 });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await keyCount(second)).toBe(100_000);
    expect(await keyCount(first)).toBe(0);
  });

  it('of 512 empty slots takes less than ten seconds', async () => {
    await start();
    await Promise.all([cluster.proxy('proxy_1'), cluster.proxy('proxy_2')]);
    const begin = performance.now();
    await cluster.client.migrate({ from: 0, to: 511, new_group: 2, delay: 0 });
    await jobEnds(cluster);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(await ownersOf(0, 511)).toEqual([2]);
    // Its 1,536 actions do not stay: every proxy would list them for ever.
    await eventually('old actions are gone', async () => (await cluster.actions()).length <= 800);
  });

  it('goes to a server without password, where others have one', async () => {
    await start({ password: 'secret' });
    const client = await RespClient.connect(first.port);
    await client.text('SET', 'a', '1');
    await client.text('CONFIG', 'SET', 'requirepass', 'secret');
    client.close();
    await cluster.client.migrate({ from: 579, to: 579, new_group: 2, delay: 0 });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await slotsOn(second)).toEqual(new Set([579]));
  });
});
