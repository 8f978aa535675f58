import { join } from 'node:path';
import { type Config, parseConfig } from '../../base/config.js';
import { silentLog } from '../../base/log.js';
import type { Coordinator } from '../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { Store } from '../../cluster/store.js';
import { DashboardClient } from '../../dashboard/api/client.js';
import { type Dashboard, runDashboard } from '../../dashboard/main.js';
import { temporaryFolder } from '../support/process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { FakeProxy, type FakeProxyOptions } from './fake-proxy.js';

/** A dashboard of its own on the embedded coordinator, and what a test adds to it. */
export class TestCluster {
  readonly config: Config;
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly dashboard: Dashboard;
  readonly client: DashboardClient;
  readonly #servers: RedisServer[] = [];
  readonly #proxies: FakeProxy[] = [];

  private constructor(config: Config, coordinator: Coordinator, dashboard: Dashboard) {
    this.config = config;
    this.coordinator = coordinator;
    this.store = new Store(coordinator, config.product);
    this.dashboard = dashboard;
    this.client = new DashboardClient(dashboard.addr);
  }

  static async start(settings: Record<string, string> = {}): Promise<TestCluster> {
    const config = testConfig(settings);
    const coordinator = await openCoordinator(config, silentLog());
    return new TestCluster(config, coordinator, await startDashboard(config));
  }

  async redis(args: readonly string[] = []): Promise<RedisServer> {
    // Redis 7 waits 5 s for more replicas before it synchronises the first.
    const server = await startRedis(['--repl-diskless-sync-delay', '0', ...args]);
    this.#servers.push(server);
    return server;
  }

  /** A group with a new master. */
  async group(groupId: number): Promise<RedisServer> {
    const master = await this.redis();
    await this.client.addGroup(groupId);
    await this.client.addServer(groupId, master.addr, 'master');
    return master;
  }

  /** Slots, and one group with a master that has all of them. */
  async allSlotsToGroup(groupId: number): Promise<RedisServer> {
    const master = await this.group(groupId);
    await this.client.initSlots();
    await this.client.setSlots({ from: 0, to: 1023, new_group: groupId, status: 'online' });
    return master;
  }

  async proxy(id: string, options: FakeProxyOptions = {}): Promise<FakeProxy> {
    const proxy = await FakeProxy.start(this.config, id, options);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** The actions in the tree, oldest first. */
  async actions(): Promise<{ seq: string; data: string }[]> {
    const names = await this.coordinator.children(this.store.paths.actions);
    const nodes = await this.coordinator.getAll(names.map((seq) => this.store.paths.action(seq)));
    return names.map((seq, index) => ({ seq, data: nodes[index]?.data ?? '' }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.leave()));
    await this.dashboard.close();
    await this.coordinator.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

export function testConfig(settings: Record<string, string> = {}): Config {
  const folder = temporaryFolder();
  const all = {
    coordinator: 'embedded',
    embedded_path: join(folder, 'coordinator'),
    dashboard_data: join(folder, 'dashboard'),
    zk_session_timeout: '4000',
    // No hand but the test's own.
    ha: 'off',
    ...settings,
  };
  const lines = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  return parseConfig(lines.join('\n'), 'test');
}

export function startDashboard(config: Config, listen = '127.0.0.1:0'): Promise<Dashboard> {
  return runDashboard({ config, listen, log: silentLog() });
}
