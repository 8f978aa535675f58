import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
  await cluster.client.initSlots();
});
afterEach(() => cluster.stop());

/** An action and its acknowledgement as they were made `ageSeconds` ago. */
async function plant(seq: string, ageSeconds: number): Promise<void> {
  const { coordinator, store } = cluster;
  const ts = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const data = JSON.stringify({ type: 'group_changed', desc: '', target: {}, ts, receivers: [] });
  await coordinator.create(store.paths.action(seq), data);
  await coordinator.create(store.paths.response(seq), data);
  await coordinator.create(store.paths.responseOf(seq, 'proxy_1'), '{}');
}

async function numbers(folder: 'actions' | 'responses'): Promise<string[]> {
  return cluster.coordinator.children(cluster.store.paths[folder]);
}

describe('action gc', () => {
  it('keeps the newest by number', async () => {
    await cluster.proxy('proxy_1');
    for (let round = 0; round < 5; round++) await cluster.client.initSlots({ force: true });
    const all = await numbers('actions');
    expect(all).toHaveLength(6);
    await cluster.client.gcActions({ keep: 2 });
    expect(await numbers('actions')).toEqual(all.slice(-2));
    expect(await numbers('responses')).toEqual(all.slice(-2));
    await cluster.client.gcActions({ keep: 2 });
    expect(await numbers('actions')).toEqual(all.slice(-2));
    await cluster.client.gcActions({ keep: 0 });
    expect(await numbers('actions')).toEqual([]);
    // Numbers go on after that.
    await cluster.client.initSlots({ force: true });
    expect(Number((await numbers('actions'))[0])).toBeGreaterThan(Number(all.at(-1)));
  });

  it('keeps the young by seconds', async () => {
    const [young] = await numbers('actions');
    await plant('0000001000', 3600);
    await plant('0000001001', 100);
    await cluster.client.gcActions({ secs: 600 });
    expect(await numbers('actions')).toEqual([young, '0000001001']);
    expect(await numbers('responses')).toEqual([young, '0000001001']);
  });

  it('copes with many, with halves, and leaves strange nodes alone', async () => {
    const { coordinator, store } = cluster;
    for (let n = 2000; n < 2250; n++) await plant(`000000${n}`, 1000);
    await coordinator.create(store.paths.response('0000003000'), 'not json');
    await coordinator.create(store.paths.action('0000003001'), 'not json');
    await coordinator.create(store.paths.action('by-hand'), '');
    await cluster.client.gcActions({ keep: 0 });
    expect(await numbers('actions')).toEqual(['by-hand']);
    expect(await numbers('responses')).toEqual([]);
  });

  it('wants to be told which', async () => {
    const gc = async (query: string) => {
      const answer = await fetch(`http://${cluster.dashboard.addr}/api/action/gc${query}`);
      return answer.text();
    };
    expect(await gc('')).toBe('say which actions to delete: either keep or secs');
    expect(await gc('?keep=1&secs=1')).toBe('say which actions to delete: either keep or secs');
    expect(await gc('?keep=some')).toBe('keep: "some" is not a whole number');
    expect(await gc('?secs=-1')).toBe('secs: -1 is less than 0');
    expect(await numbers('actions')).toHaveLength(1);
  });
});

describe('remove-lock', () => {
  it('removes what an original Codis has left, and does nothing without', async () => {
    const { coordinator, store } = cluster;
    await cluster.client.removeLocks();
    await coordinator.create(`${store.paths.lock}/a/0000000001`, 'x');
    await coordinator.create(`${store.paths.lock}/b`, '');
    await cluster.client.removeLocks();
    expect(await coordinator.children(store.paths.lock)).toEqual([]);
  });
});

describe('a change that was written and not announced', () => {
  it('is announced before the next one', async () => {
    const { coordinator, store, client } = cluster;
    const proxy = await cluster.proxy('proxy_1');
    const before = await numbers('actions');
    const target = { from: 3, to: 4, status: 'offline', group_id: -1 };
    const left = { type: 'multi_slot_changed', desc: '', target, ts: '0', receivers: null };
    await coordinator.create(store.paths.unannounced, JSON.stringify([left]));
    await client.addGroup(1);
    const [late, own] = (await cluster.actions()).slice(before.length);
    expect(JSON.parse(late!.data)).toMatchObject({
      target,
      receivers: [JSON.stringify(proxy.record)],
    });
    expect(JSON.parse(own!.data)).toMatchObject({ type: 'group_changed' });
    expect(await coordinator.get(store.paths.unannounced)).toBeNull();
  });

  it('is in nobody’s way when it cannot be read', async () => {
    const { coordinator, store, client } = cluster;
    await coordinator.create(store.paths.unannounced, 'garbage');
    await client.addGroup(1);
    expect(await client.listGroups()).toHaveLength(1);
    expect(await coordinator.get(store.paths.unannounced)).toBeNull();
  });
});
