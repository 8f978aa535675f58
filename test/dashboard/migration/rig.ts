import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, parseConfig } from '../../../base/config.js';
import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../../cluster/coordinator/open.js';
import { Store } from '../../../cluster/store.js';
import { DashboardClient } from '../../../dashboard/api/client.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import { TestProcess, temporaryFolder } from '../../support/process.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { FakeProxy } from '../fake-proxy.js';

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'bin', 'codis-config');

/** A dashboard as a process, to be killed. */
export interface DashboardProcess {
  readonly process: TestProcess;
  readonly client: DashboardClient;
}

/** Two groups that stay, whatever becomes of the dashboards; group 1 has all the slots. */
export class Rig {
  readonly config: Config;
  readonly coordinator: Coordinator;
  readonly store: Store;
  readonly servers: readonly RedisServer[];
  readonly proxies: readonly FakeProxy[];
  readonly #configFile: string;
  readonly #running = new Set<TestProcess>();

  private constructor(
    config: Config,
    configFile: string,
    coordinator: Coordinator,
    servers: readonly RedisServer[],
    proxies: readonly FakeProxy[],
  ) {
    this.config = config;
    this.#configFile = configFile;
    this.coordinator = coordinator;
    this.store = new Store(coordinator, config.product);
    this.servers = servers;
    this.proxies = proxies;
  }

  static async start(): Promise<Rig> {
    const folder = temporaryFolder();
    const text = [
      ...['coordinator=embedded', `embedded_path=${folder}/coordinator`],
      `dashboard_data=${folder}/dashboard`,
      ...['zk_session_timeout=3000', 'action_timeout=3000'],
    ].join('\n');
    const file = join(folder, 'config.ini');
    writeFileSync(file, text);
    const config = parseConfig(text, 'test');
    const coordinator = await openCoordinator(config, silentLog());
    const servers = await Promise.all([startRedis(), startRedis()]);
    const proxies = await Promise.all(['one', 'two'].map((id) => FakeProxy.start(config, id, {})));
    const rig = new Rig(config, file, coordinator, servers, proxies);
    const { client, process } = await rig.dashboard();
    await client.initSlots();
    for (const [index, { addr }] of servers.entries()) {
      await client.addGroup(index + 1);
      await client.addServer(index + 1, addr, 'master');
    }
    await client.setSlots({ from: 0, to: 1023, new_group: 1, status: 'online' });
    await process.stop();
    return rig;
  }

  /** @param faultPoint where it is to die */
  async dashboard(faultPoint = ''): Promise<DashboardProcess> {
    const addr = `127.0.0.1:${await freePort()}`;
    const dashboard = new TestProcess(
      process.execPath,
      [PROGRAM, '-c', this.#configFile, 'dashboard', `--addr=${addr}`],
      { env: { CODIS_FAULT_POINT: faultPoint } },
    );
    this.#running.add(dashboard);
    const client = new DashboardClient(addr);
    await eventually('the dashboard serves', () => {
      if (!dashboard.isRunning) throw new Error(dashboard.stderr);
      return client.health();
    });
    return { process: dashboard, client };
  }

  /** The groups that the slots `from` to `to` are in, all of them being at rest. */
  async owners(from: number, to: number): Promise<number[]> {
    const slots = await this.store.loadSlots(from, to);
    const moving = slots.filter(({ state }) => state.status !== 'online');
    if (moving.length > 0) throw new Error(`${moving.length} slots are not online`);
    return [...new Set(slots.map((slot) => slot.group_id))];
  }

  async endDashboards(): Promise<void> {
    await Promise.all([...this.#running].map((process) => process.stop('SIGKILL')));
    this.#running.clear();
  }

  async stop(): Promise<void> {
    await this.endDashboards();
    await Promise.all(this.proxies.map((proxy) => proxy.leave()));
    await this.coordinator.close();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
