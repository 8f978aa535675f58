import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { Store } from '../../../cluster/store.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import { ownedSlot, StandInDashboard } from '../../support/stand-in-dashboard.js';
import { TcpLink } from '../../support/tcp-link.js';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.js';
import { openZooKeeper } from './coordinators.js';
import { isOnline, startTopology, type TestTopology } from './fixture.js';

// Two ticks of the test server: the least it grants.
const SESSION_TIMEOUT_MS = 1_000;
// Of the operator, who must outlive what the proxy's session does not.
const LONG_SESSION_TIMEOUT_MS = 60_000;

describe('a proxy whose ZooKeeper fails', () => {
  let server: ZooKeeperServer;
  let link: TcpLink;
  let operator: Coordinator;
  let own: Coordinator;
  let store: Store;
  let dashboard: StandInDashboard;
  let proxy: TestTopology;

  beforeEach(async () => {
    server = await startZooKeeper();
    link = await TcpLink.to(server.port);
    operator = await openZooKeeper(server.port, LONG_SESSION_TIMEOUT_MS);
    store = new Store(operator, 'test');
    dashboard = await StandInDashboard.start(store);
    await dashboard.setUp(['127.0.0.1:6001', '127.0.0.1:6002']);
    own = await openZooKeeper(link.port, SESSION_TIMEOUT_MS);
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
  });
  afterEach(async () => {
    await proxy.topology.stop();
    dashboard.close();
    await Promise.all([own.close(), operator.close()]);
    link.close();
    await server.stop();
  });

  async function coordinatorIs(state: string): Promise<void> {
    await eventually(`the coordinator is ${state}`, () => own.state === state);
  }

  async function answersActions(slotId: number): Promise<void> {
    const seq = await dashboard.changeSlot(ownedSlot(slotId, 2));
    await dashboard.acknowledged(seq, 'proxy_1');
    expect(proxy.sink.slots.get(slotId)?.groupId).toBe(2);
  }

  test('cut off: serves; found again: reloads before it acknowledges what it missed', async () => {
    link.cut();
    await eventually('the loss is noticed', () => own.state !== 'connected');
    expect(proxy.topology.status.state).toBe('online');
    const before = proxy.sink.changes.length;
    // The first is told by its action, the second by nothing but the record.
    await store.saveSlots([ownedSlot(2, 2)]);
    await store.saveSlots([ownedSlot(1, 2)]);
    const seq = await dashboard.publish('slot_changed', ownedSlot(1, 2), [
      { ...proxy.record, state: 'online' },
    ]);
    link.mend();
    await dashboard.acknowledged(seq, 'proxy_1');
    const since = proxy.sink.changes.slice(before).map((change) => change.slots.length);
    expect(since[0]).toBe(1024);
    expect(since).toContain(1);
    expect(proxy.sink.slots.get(2)?.groupId).toBe(2);
    expect(proxy.serving.state).toBe('serving');
  });

  test('session expired: serves; then registers again as online, and answers', async () => {
    link.cut();
    await eventually('the node is gone', async () => !(await store.loadProxy('proxy_1')));
    await operator.delete(store.paths.fence('127.0.0.1:19000'));
    expect(proxy.serving.state).toBe('serving');
    await store.saveSlots([ownedSlot(3, 2)]);
    link.mend();
    const record = await eventually('registered again', () => store.loadProxy('proxy_1'));
    expect(record).toEqual({ ...proxy.record, state: 'online' });
    expect(await store.loadFences()).toEqual(['127.0.0.1:19000']);
    await answersActions(4);
    expect(proxy.sink.slots.get(3)?.groupId).toBe(2);
    await eventually(
      'Jodis finds it again',
      async () => (await operator.children('/jodis/test')).length === 1,
    );
    expect(proxy.serving.state).toBe('serving');
    expect(proxy.topology.status.state).toBe('online');
  });

  test('ZooKeeper stopped for longer than the session: serving goes on', async () => {
    server.pause();
    await eventually('the silence is noticed', () => own.state !== 'connected');
    expect(proxy.topology.status.state).toBe('online');
    server.resume();
    await coordinatorIs('connected');
    await eventually('registered', () => store.loadProxy('proxy_1'));
    await answersActions(5);
    expect(proxy.serving.state).toBe('serving');
  });

  test('ZooKeeper killed and started again: serving goes on', async () => {
    await server.stop();
    await eventually('the loss is noticed', () => own.state !== 'connected');
    expect(proxy.topology.status.state).toBe('online');
    await server.restart();
    await coordinatorIs('connected');
    await eventually('the operator is back', () => operator.state === 'connected');
    await eventually('registered', () => store.loadProxy('proxy_1'));
    await answersActions(6);
    expect(proxy.serving.state).toBe('serving');
  });

  test('stopped without a coordinator: drains and ends all the same; the fence stays', async () => {
    link.cut();
    await eventually('the loss is noticed', () => own.state !== 'connected');
    await proxy.topology.stop();
    expect(proxy.topology.status.state).toBe('stopped');
    expect(proxy.serving.state).toBe('ended');
    expect(await store.loadFences()).toEqual(['127.0.0.1:19000']);
  });
});

test('a proxy that is started before its ZooKeeper serves once it is there', async () => {
  const port = await freePort();
  const own = new ZooKeeperCoordinator({
    servers: `127.0.0.1:${port}`,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    requestDeadlineMs: 300,
    log: silentLog(),
  });
  // Its dashboard cannot be reached either: the operator sets it online in the tree.
  const dashboard = await StandInDashboard.start(new Store(own, 'test'));
  dashboard.close();
  const proxy = startTopology(own, dashboard);
  await eventually('a first attempt failed', () => proxy.topology.status.lastFailure !== '');
  expect(proxy.topology.status.state).toBe('starting');
  const server = await startZooKeeper(port);
  await eventually('registered', () => proxy.topology.status.state === 'offline');
  await dashboard.setState('proxy_1', 'online');
  await isOnline(proxy);
  await proxy.topology.stop();
  await own.close();
  await server.stop();
});
