import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { Store } from '../../../cluster/store.js';
import { newProxyRecord } from '../../../proxy/topology/identity.js';
import { eventually } from '../../support/eventually.js';
import { ownedSlot, StandInDashboard } from '../../support/stand-in-dashboard.js';
import { type TestTree, TREES } from './coordinators.js';
import { isOnline, startTopology, type TestTopology } from './fixture.js';

describe.each(TREES)('following actions on %s', (_name, startTree) => {
  let tree: TestTree;
  let operator: Coordinator;
  let own: Coordinator;
  let store: Store;
  let dashboard: StandInDashboard;
  let proxy: TestTopology;

  beforeAll(async () => {
    tree = await startTree();
    operator = await tree.open();
    store = new Store(operator, 'test');
    dashboard = await StandInDashboard.start(store);
    await dashboard.setUp(['127.0.0.1:6001', '127.0.0.1:6002']);
  });
  afterAll(async () => {
    dashboard.close();
    await operator.close();
    await tree.stop();
  });

  beforeEach(async () => {
    own = await tree.open();
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
  });
  afterEach(async () => {
    proxy.sink.release();
    await proxy.topology.stop();
    await own.close();
  });

  test('the whole table is loaded in bulk', () => {
    expect(proxy.sink.slots.size).toBe(1024);
    expect(proxy.sink.changes[0]?.slots).toHaveLength(1024);
    expect(proxy.sink.slots.get(511)?.groupId).toBe(1);
    expect(proxy.sink.groups.get(2)?.master).toBe('127.0.0.1:6002');
  });

  test('an action is acknowledged when it is applied and not before', async () => {
    const slot = ownedSlot(7, 1);
    const held = { ...slot, state: { ...slot.state, status: 'pre_migrate' as const } };
    proxy.sink.hold();
    const seq = await dashboard.changeSlot(held, 'slot_premigrate');
    await eventually('the change is in the sink', () => proxy.sink.singleSlots.includes(7));
    expect(await dashboard.hasAcknowledged(seq, 'proxy_1')).toBe(false);
    proxy.sink.release();
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.sink.slots.get(7)?.status).toBe('pre_migrate');
    const response = await operator.get(store.paths.responseOf(seq, 'proxy_1'));
    expect(response?.data).toBe((await operator.get(store.paths.proxy('proxy_1')))?.data);
    await dashboard.changeSlot(slot);
  });

  test('every one of many actions is handled, once and in order', async () => {
    const before = proxy.sink.changes.length;
    const ids = Array.from({ length: 40 }, (_, index) => 900 - index * 3);
    const sequences: string[] = [];
    for (const id of ids) sequences.push(await dashboard.changeSlot(ownedSlot(id, 2)));
    for (const seq of sequences) await dashboard.acknowledged(seq, 'proxy_1');
    // Those that wait at the same time are taken as one change.
    const changes = proxy.sink.changes.slice(before);
    expect(changes.flatMap(({ slots }) => slots.map((slot) => slot.slotId))).toEqual(ids);
    const last = sequences.at(-1);
    await eventually('the last is told', () => proxy.topology.status.lastAction === last);
  });

  test('an action that becomes visible after a later one is not passed over', async () => {
    const early = await dashboard.takeNumber();
    const late = await dashboard.changeSlot(ownedSlot(20, 1));
    await dashboard.acknowledged(late, 'proxy_1');
    const text = (await operator.get(store.paths.action(late)))?.data ?? '';
    await operator.create(store.paths.action(early), text.replace('"id":20', '"id":21'));
    await dashboard.acknowledged(early, 'proxy_1');
    expect(proxy.sink.singleSlots).toContain(21);
  });

  test('the record counts and not the copy in the action', async () => {
    await store.saveSlots([ownedSlot(30, 2)]);
    const seq = await dashboard.publish('slot_changed', ownedSlot(30, 1));
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.sink.slots.get(30)?.groupId).toBe(2);
  });

  test('a range of slots comes as one change, with its groups', async () => {
    const slots = Array.from({ length: 100 }, (_, index) => ownedSlot(600 + index, 3));
    await dashboard.saveServer(3, '127.0.0.1:6003', 'master');
    await store.saveSlots(slots);
    const target = { from: 600, to: 699, status: 'online', group_id: 3 };
    const seq = await dashboard.publish('multi_slot_changed', target);
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.sink.changes.at(-1)?.slots).toHaveLength(100);
    expect(proxy.sink.slots.get(699)?.groupId).toBe(3);
    // Nobody told of group 3: it came with the slots.
    expect(proxy.sink.groups.get(3)?.master).toBe('127.0.0.1:6003');
  });

  test('a slot that moves has the group it comes from', async () => {
    const slot = ownedSlot(40, 2);
    const state = { ...slot.state, status: 'migrate', migrate_status: { from: 1, to: 2 } } as const;
    const seq = await dashboard.changeSlot({ ...slot, state }, 'slot_migrate');
    await dashboard.acknowledged(seq, 'proxy_1');
    const route = { slotId: 40, status: 'migrate', groupId: 2, migrateFrom: 1 };
    expect(proxy.sink.slots.get(40)).toEqual(route);
    await dashboard.changeSlot(slot);
  });

  test('a promotion, a replica and the end of a group', async () => {
    await dashboard.saveServer(9, '127.0.0.1:6091', 'slave');
    await dashboard.saveServer(9, '127.0.0.1:6092', 'master');
    await dashboard.acknowledged(await dashboard.changeGroup(9), 'proxy_1');
    const route = { groupId: 9, master: '127.0.0.1:6092', replicas: ['127.0.0.1:6091'] };
    expect(proxy.sink.groups.get(9)).toEqual(route);
    await operator.delete(store.paths.server(9, '127.0.0.1:6091'));
    await operator.delete(store.paths.server(9, '127.0.0.1:6092'));
    await operator.delete(store.paths.group(9));
    const target = { id: 9, product_name: 'test', servers: null };
    const seq = await dashboard.publish('group_remove', target);
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.sink.groups.get(9)).toEqual({ groupId: 9, master: null, replicas: [] });
  });

  test('only a receiver acknowledges, and a receiver is this life of the proxy', async () => {
    const former = { ...proxy.record, start_at: 'another life' };
    const other = newProxyRecord('proxy_2', '127.0.0.1:19001', '127.0.0.1:1', new Date());
    const first = await dashboard.publish('slot_changed', ownedSlot(50, 1), [former, other]);
    const second = await dashboard.changeSlot(ownedSlot(51, 1));
    await dashboard.acknowledged(second, 'proxy_1');
    expect(proxy.sink.singleSlots).toContain(50);
    expect(await operator.children(store.paths.response(first))).toEqual([]);
  });

  test('what is no action is passed over, unacknowledged, and the next one is handled', async () => {
    const receivers = [JSON.stringify({ ...proxy.record, state: 'online' })];
    const bad = [
      await dashboard.publishText('not even JSON'),
      await dashboard.publishText(JSON.stringify({ type: 'slot_exploded', receivers })),
      await dashboard.publishText(''),
    ];
    await operator.create(`${store.paths.actions}/garbage`, '');
    const good = await dashboard.changeSlot(ownedSlot(60, 1));
    await dashboard.acknowledged(good, 'proxy_1');
    for (const seq of bad) expect(await operator.children(store.paths.response(seq))).toEqual([]);
    await operator.delete(`${store.paths.actions}/garbage`);
  });

  test('a receiver that cannot be read does not hide the others', async () => {
    const own = JSON.stringify((await store.loadProxy('proxy_1')) ?? {});
    const text = JSON.stringify({
      type: 'slot_changed',
      desc: '',
      target: ownedSlot(61, 1),
      ts: '1795150957',
      receivers: ['{', own],
    });
    await dashboard.acknowledged(await dashboard.publishText(text), 'proxy_1');
  });

  test('a slot whose record is broken is not acknowledged; the rest goes on', async () => {
    await operator.set(store.paths.slot(70), '{"id":70}');
    const broken = await dashboard.publish('slot_changed', ownedSlot(70, 1));
    const good = await dashboard.changeSlot(ownedSlot(71, 1));
    await dashboard.acknowledged(good, 'proxy_1');
    expect(await dashboard.hasAcknowledged(broken, 'proxy_1')).toBe(false);
    await dashboard.changeSlot(ownedSlot(70, 1));
  });

  test('the response of a collected action is not made again', async () => {
    proxy.sink.hold();
    const seq = await dashboard.changeSlot(ownedSlot(80, 1));
    await eventually('the change is in the sink', () => proxy.sink.singleSlots.includes(80));
    await operator.delete(store.paths.action(seq));
    await operator.delete(store.paths.response(seq));
    proxy.sink.release();
    await dashboard.acknowledged(await dashboard.changeSlot(ownedSlot(81, 1)), 'proxy_1');
    expect(await operator.get(store.paths.response(seq))).toBeNull();
  });

  test('a slow apply does not keep the proxy from hearing mark_offline', async () => {
    proxy.sink.hold();
    await dashboard.changeSlot(ownedSlot(90, 1));
    await eventually('the change is in the sink', () => proxy.sink.singleSlots.includes(90));
    await dashboard.setState('proxy_1', 'mark_offline');
    expect(await proxy.topology.ended).toEqual({ reason: 'mark_offline' });
  });
});
