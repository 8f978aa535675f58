import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../base/log.js';
import type { Changes } from '../../dashboard/changes.js';
import { Proxies } from '../../dashboard/service/proxies.js';
import { ProxyVars } from '../../dashboard/service/proxy-vars.js';
import { eventually } from '../support/eventually.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster.stop());

/** A proxy's state in the tree; null if it is not registered. */
async function stateOf(id: string): Promise<string | null> {
  const proxies = await cluster.client.listProxies();
  return proxies.find((proxy) => proxy.id === id)?.state ?? null;
}

describe('proxies', () => {
  it('are set online in their record, and nothing else of it is changed', async () => {
    const { record } = await cluster.proxy('one', { state: 'offline' });
    await cluster.client.setProxyState('one', 'online');
    expect(await cluster.store.loadProxy('one')).toEqual({ ...record, state: 'online' });
    const node = await cluster.coordinator.get(cluster.store.paths.proxy('one'));
    expect(Object.keys(JSON.parse(node!.data))).toEqual(Object.keys(record));
  });

  it('are set offline: the answer comes when the proxy has gone', async () => {
    const { record } = await cluster.proxy('two');
    await cluster.client.setProxyState('two', 'offline');
    expect(await stateOf('two')).toBeNull();
    await eventually('its fence is gone, too', async () => {
      return !(await cluster.store.loadFences()).includes(record.addr);
    });
  });

  it('are set offline by the word of Codis, with the whole record posted back', async () => {
    const { record } = await cluster.proxy('three');
    const answer = await fetch(`http://${cluster.dashboard.addr}/api/proxy`, {
      method: 'POST',
      body: JSON.stringify({ ...record, state: 'mark_offline' }),
    });
    expect(await answer.text()).toBe('{"msg":"OK","ret":0}');
    expect(await stateOf('three')).toBeNull();
  });

  it('that hang are told of when the time is over', async () => {
    const { record } = await cluster.proxy('hung', { drains: 'for ever' });
    const changes = { run: (work: () => Promise<unknown>) => work() } as Changes;
    const proxies = new Proxies(cluster.store, changes, 300);
    await expect(proxies.setState('hung', 'offline')).rejects.toMatchObject({
      name: 'SilentProxyError',
      message:
        `proxy hung (${record.addr}, pid ${record.pid}) was told to go offline, ` +
        'and is still there after 0.3 s',
      hint: 'if it hangs, kill it, then: codis-config action remove-fence',
    });
    expect(await stateOf('hung')).toBe('mark_offline');
  });

  it('are refused when unknown, and so are states', async () => {
    for (const id of ['nobody', '../slots/slot_0']) {
      await expect(cluster.client.setProxyState(id, 'online')).rejects.toMatchObject({
        message: `proxy ${id} is not registered`,
        status: 404,
      });
    }
    const answer = await fetch(`http://${cluster.dashboard.addr}/api/proxy`, {
      method: 'POST',
      body: '{"id":"one","state":"sideways"}',
    });
    expect(await answer.text()).toBe('a proxy cannot be set to "sideways"');
  });
});

describe('debug vars', () => {
  it('are null for a proxy that does not answer, and make the operations a second', async () => {
    const vars = { router: { ops: 100 } };
    const counting = await cluster.proxy('counting', { vars });
    const dead = await cluster.proxy('dead');
    await dead.closePorts();
    const proxyVars = new ProxyVars(cluster.store, silentLog());
    const all = await proxyVars.fetchAll();
    expect(all).toMatchObject({ counting: vars, dead: null });
    expect(await proxyVars.opsPerSecond()).toBe(0);
    vars.router.ops = 100_000;
    expect(await proxyVars.opsPerSecond()).toBeGreaterThan(100);
    // A proxy that has started again counts from zero.
    vars.router.ops = 0;
    expect(await proxyVars.opsPerSecond()).toBe(0);
    await counting.leave();
  });
});
