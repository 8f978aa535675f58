import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { Store } from '../../../cluster/store.js';
import { eventually } from '../../support/eventually.js';
import { ownedSlot, StandInDashboard } from '../../support/stand-in-dashboard.js';
import { type TestTree, TREES } from './coordinators.js';
import { isOnline, startTopology, type TestTopology } from './fixture.js';

describe.each(TREES)('the life of a proxy on %s', (_name, startTree) => {
  let tree: TestTree;
  let operator: Coordinator;
  let own: Coordinator;
  let store: Store;
  let dashboard: StandInDashboard;
  let proxy: TestTopology | null;

  beforeAll(async () => {
    tree = await startTree();
    operator = await tree.open();
    store = new Store(operator, 'test');
    const first = await StandInDashboard.start(store);
    await first.setUp(['127.0.0.1:6001', '127.0.0.1:6002']);
    first.close();
  });
  afterAll(async () => {
    await operator.close();
    await tree.stop();
  });
  beforeEach(async () => {
    proxy = null;
    own = await tree.open();
    dashboard = await StandInDashboard.start(store);
  });
  afterEach(async () => {
    proxy?.sink.release();
    await proxy?.topology.stop();
    dashboard.close();
    await own.close();
  });

  test('what was changed between registration and online is known when serving begins', async () => {
    dashboard.refuse();
    proxy = startTopology(own, dashboard);
    await eventually('registered', () => store.loadProxy('proxy_1'));
    // Saved and never published: only a reload can know of it.
    await store.saveSlots([ownedSlot(100, 2)]);
    let groupAtBegin: number | undefined;
    proxy.serving.onBegin = () => {
      groupAtBegin = proxy?.sink.slots.get(100)?.groupId;
    };
    dashboard.agree();
    await isOnline(proxy);
    expect(groupAtBegin).toBe(2);
    await store.saveSlots([ownedSlot(100, 1)]);
  });

  test('joining while actions are published ends in the tree’s table, all answered', async () => {
    let publishing = true;
    const published: string[] = [];
    const publisher = (async () => {
      for (let round = 0; publishing; round++) {
        published.push(await dashboard.changeSlot(ownedSlot(200 + (round % 100), 1 + (round % 2))));
      }
    })();
    await eventually('actions are under way', () => published.length > 10);
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    const atOnline = published.length;
    await eventually('more actions', () => published.length > atOnline + 50);
    publishing = false;
    await publisher;

    let asked = 0;
    for (const seq of published) {
      const action = await store.loadAction(seq);
      if (!action?.receivers) throw new Error(`action ${seq} has no receivers`);
      if (action.receivers.length === 0) continue;
      asked++;
      await dashboard.acknowledged(seq, 'proxy_1');
    }
    expect(asked).toBeGreaterThanOrEqual(50);
    for (const slot of await store.loadSlots(200, 299)) {
      expect(proxy.sink.slots.get(slot.id)?.groupId).toBe(slot.group_id);
    }
  });

  test('offline by the operator: drains; online again: reloads and serves', async () => {
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    await dashboard.setState('proxy_1', 'offline');
    await eventually('offline', () => proxy?.topology.status.state === 'offline');
    expect(proxy.serving.state).toBe('ended');
    expect(await operator.children('/jodis/test')).toEqual([]);
    await store.saveSlots([ownedSlot(101, 2)]);
    await dashboard.setState('proxy_1', 'online');
    await isOnline(proxy);
    expect(proxy.serving.state).toBe('serving');
    expect(proxy.sink.slots.get(101)?.groupId).toBe(2);
    expect(dashboard.requests).toHaveLength(1);
    await store.saveSlots([ownedSlot(101, 1)]);
  });

  test('a stop leaves the discovery first, answers while it drains, and removes the fence last', async () => {
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    const online = await store.loadProxy('proxy_1');
    let drained = () => {};
    proxy.serving.onEnd = () =>
      new Promise<void>((resolve) => {
        drained = resolve;
      });
    const stopped = proxy.topology.stop();
    await eventually('the record says so', async () => {
      return (await store.loadProxy('proxy_1'))?.state === 'mark_offline';
    });
    expect(await operator.children('/jodis/test')).toEqual([]);
    expect(await store.loadFences()).toEqual(['127.0.0.1:19000']);
    const asked = online ? [online] : [];
    const seq = await dashboard.publish('slot_changed', ownedSlot(102, 1), asked);
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.topology.status.state).toBe('draining');
    drained();
    await stopped;
    expect(proxy.topology.status.state).toBe('stopped');
    expect(await store.loadProxy('proxy_1')).toBeNull();
    expect(await store.loadFences()).toEqual([]);
  });

  test('a stop before it is online removes what was made', async () => {
    dashboard.refuse();
    proxy = startTopology(own, dashboard);
    await eventually('registered', () => store.loadProxy('proxy_1'));
    await proxy.topology.stop();
    expect(await operator.children(store.paths.proxies)).toEqual([]);
    expect(await store.loadFences()).toEqual([]);
    expect(proxy.serving.state).toBe('never');
  });
});
