import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OperatorError } from '../../../base/errors.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { Store } from '../../../cluster/store.js';
import { newProxyRecord } from '../../../proxy/topology/identity.js';
import { eventually } from '../../support/eventually.js';
import { StandInDashboard } from '../../support/stand-in-dashboard.js';
import { type TestTree, TREES } from './coordinators.js';
import { isOnline, startTopology, type TestTopology } from './fixture.js';

describe.each(TREES)('registration on %s', (_name, startTree) => {
  let tree: TestTree;
  let operator: Coordinator;
  let own: Coordinator;
  let store: Store;
  let dashboard: StandInDashboard;
  let proxy: TestTopology | null;

  beforeAll(async () => {
    tree = await startTree();
  });
  afterAll(() => tree.stop());

  beforeEach(async () => {
    proxy = null;
    [operator, own] = await Promise.all([tree.open(), tree.open()]);
    store = new Store(operator, 'test');
    dashboard = await StandInDashboard.start(store);
  });
  afterEach(async () => {
    await proxy?.topology.stop();
    dashboard.close();
    await Promise.all([own.close(), operator.close()]);
  });

  test('has the nodes and the key order of an original Codis 2 proxy', async () => {
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    const node = await operator.get('/zk/codis/db_test/proxy/proxy_1');
    expect(node?.ephemeral).toBe(true);
    const captured =
      '{"id":"proxy_1","addr":"127.0.0.1:19000","last_event":"","last_event_ts":0,' +
      '"state":"online","description":"","debug_var_addr":"127.0.0.1:1",' +
      `"pid":${process.pid},"start_at":"${proxy.record.start_at}"}`;
    expect(node?.data).toBe(captured);
    expect(proxy.record.start_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC$/);

    const fence = await operator.get('/zk/codis/db_test/fence/127.0.0.1:19000');
    expect(fence).toMatchObject({ data: '', ephemeral: false });
  });

  test('is found by Jodis clients of Codis 3 while online', async () => {
    dashboard.refuse();
    proxy = startTopology(own, dashboard);
    await eventually('the dashboard was asked', () => dashboard.requests.length > 0);
    expect(await operator.children('/jodis/test')).toEqual([]);
    dashboard.agree();
    const name = await eventually(
      'the Jodis node is there',
      async () => (await operator.children('/jodis/test'))[0],
    );
    const node = await operator.get(`/jodis/test/${name}`);
    expect(node?.ephemeral).toBe(true);
    expect(JSON.parse(node?.data ?? '')).toEqual({
      addr: '127.0.0.1:19000',
      admin: '127.0.0.1:1',
      start: proxy.record.start_at,
      token: name.replace('proxy-', ''),
      state: 'online',
    });
  });

  test('asks the dashboard until it agrees, and serves only then', async () => {
    dashboard.refuse();
    proxy = startTopology(own, dashboard);
    await eventually('the dashboard was asked twice', () => dashboard.requests.length > 1);
    expect(dashboard.requests[0]).toEqual({
      method: 'POST',
      url: '/api/proxy',
      id: 'proxy_1',
      state: 'online',
    });
    expect(proxy.topology.status.state).toBe('offline');
    expect(proxy.serving.state).toBe('never');
    dashboard.agree();
    await isOnline(proxy);
    expect(proxy.serving.state).toBe('serving');
  });

  test('can be set online without a dashboard', async () => {
    dashboard.close();
    proxy = startTopology(own, dashboard);
    await eventually('registered', () => store.loadProxy('proxy_1'));
    await dashboard.setState('proxy_1', 'online');
    await isOnline(proxy);
  });

  test('comes back when somebody deletes or overwrites its node, with the state it had', async () => {
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    await operator.delete(store.paths.proxy('proxy_1'));
    await eventually('registered again', async () => {
      return (await store.loadProxy('proxy_1'))?.state === 'online';
    });
    await operator.set(store.paths.proxy('proxy_1'), 'garbage');
    await eventually('registered again', async () => {
      return (await store.loadProxy('proxy_1'))?.state === 'online';
    });
    expect(proxy.serving.state).toBe('serving');
  });

  test('waits for the node of a former life to expire', async () => {
    const killed = await tree.open();
    const former = newProxyRecord('proxy_1', '127.0.0.1:19000', '127.0.0.1:1', new Date(0));
    const path = store.paths.proxy('proxy_1');
    await killed.create(path, JSON.stringify(former), { ephemeral: 'session' });
    proxy = startTopology(own, dashboard, { sessionTimeoutMs: 30_000 });
    await eventually('the table is loaded', () => proxy?.topology.status.tableLoadedAt);
    expect(proxy.topology.status.state).toBe('starting');
    await killed.close();
    await isOnline(proxy);
    expect((await store.loadProxy('proxy_1'))?.start_at).toBe(proxy.record.start_at);
  });

  test('gives up at once if the holder of its id answers', async () => {
    const former = newProxyRecord('proxy_1', '10.0.0.9:19000', '', new Date(0));
    const alive = createServer((_request, response) => {
      response.end(JSON.stringify({ id: 'proxy_1', pid: process.pid, start_at: former.start_at }));
    });
    await new Promise<void>((resolve) => alive.listen(0, '127.0.0.1', resolve));
    const admin = `127.0.0.1:${(alive.address() as AddressInfo).port}`;
    const holder = await tree.open();
    const path = store.paths.proxy('proxy_1');
    const record = { ...former, debug_var_addr: admin };
    await holder.create(path, JSON.stringify(record), { ephemeral: 'session' });
    try {
      proxy = startTopology(own, dashboard, { sessionTimeoutMs: 30_000 });
      const end = await proxy.topology.ended;
      const error = end.reason === 'failed' ? end.error : null;
      expect(error).toBeInstanceOf(OperatorError);
      expect(String(error)).toContain('proxy id proxy_1 is in use by another process');
      await proxy.topology.stop();
      expect(await store.loadProxy('proxy_1')).toEqual(record);
      expect(await store.loadFences()).toEqual([]);
    } finally {
      alive.close();
      await holder.close();
    }
  });

  test('stops when its id was taken by another one', async () => {
    proxy = startTopology(own, dashboard);
    await isOnline(proxy);
    const other = newProxyRecord('proxy_1', '10.0.0.9:19000', '10.0.0.9:11000', new Date(0));
    await operator.set(store.paths.proxy('proxy_1'), JSON.stringify(other));
    const end = await proxy.topology.ended;
    expect(end.reason).toBe('failed');
    await proxy.topology.stop();
    expect(proxy.serving.state).toBe('ended');
    expect(await store.loadProxy('proxy_1')).toEqual(other);
    await operator.delete(store.paths.proxy('proxy_1'));
  });
});
