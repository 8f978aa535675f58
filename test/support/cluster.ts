import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../base/config.js';
import { dashboardAccess } from '../../base/dashboard-access.js';
import { silentLog } from '../../base/log.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { Store } from '../../cluster/store.js';
import { DashboardClient, REQUEST_TIMEOUT_MS } from '../../dashboard/api/client.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { TestProcess, temporaryFolder } from './process.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { PRODUCT, StandInDashboard } from './stand-in-dashboard.js';

const PROXY_PROGRAM = fileURLToPath(new URL('../../bin/codis-proxy', import.meta.url));
const TOOL_PROGRAM = fileURLToPath(new URL('../../bin/codis-config', import.meta.url));

export interface ClusterOptions {
  /** Redis servers, each the master of a group of its own, with slots in equal shares. */
  readonly groups?: number;
  readonly proxies?: number;
  /** host:port of a ZooKeeper; the embedded coordinator if absent. */
  readonly zk?: string;
  /** More keys of config.ini, for every process of the cluster. */
  readonly config?: Readonly<Record<string, string | number>>;
  readonly redisArgs?: readonly string[];
  /** More arguments for each codis-proxy, such as `--cpu=2`; one worker without. */
  readonly proxyArgs?: readonly string[];
  /**
   * `process`: a real dashboard, which also sets the cluster up, by its REST API. `stand-in`: none;
   * the records are written directly, which is faster. By default the latter.
   */
  readonly dashboard?: 'process' | 'stand-in';
}

/** A codis-proxy process with its own config.ini. */
export class ProxyProcess {
  readonly id: string;
  readonly port: number;
  /** 127.0.0.1:port, where clients connect and the name of its fence */
  readonly addr: string;
  /** http://127.0.0.1:port of its admin port */
  readonly adminUrl: string;
  readonly #arguments: readonly string[];
  process: TestProcess;

  constructor(
    id: string,
    port: number,
    adminPort: number,
    configFile: string,
    args: readonly string[],
  ) {
    this.id = id;
    this.port = port;
    this.addr = `127.0.0.1:${port}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
    this.#arguments = [
      ...[PROXY_PROGRAM, '-c', configFile, '--cpu=1'],
      ...[`--addr=${this.addr}`, `--http-addr=127.0.0.1:${adminPort}`],
      ...args,
    ];
    this.process = this.spawn();
  }

  /** Program and arguments of {@link spawn}. */
  get commandLine(): readonly string[] {
    return [process.execPath, ...this.#arguments];
  }

  /** Another process with the same arguments, {@link process} from now on. */
  spawn(): TestProcess {
    this.process = new TestProcess(process.execPath, this.#arguments);
    return this.process;
  }

  /** Resolves when it serves clients. @throws with what it printed if it ends instead */
  async serves(): Promise<void> {
    await eventually(`${this.id} serves clients`, async () => {
      if (!this.process.isRunning) throw new Error(`${this.id} ended: ${this.process.stderr}`);
      return (await this.health()).status === 200;
    });
  }

  /** The answer of /healthz. */
  async health(): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${this.adminUrl}/healthz`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
}

/** `codis-config dashboard` as a process, answering when `start` resolves. */
export class DashboardProcess {
  readonly addr: string;
  readonly client: DashboardClient;
  readonly process: TestProcess;

  private constructor(addr: string, configFile: string, faultPoint: string) {
    this.addr = addr;
    const config = parseConfig(readFileSync(configFile, 'utf8'), configFile);
    this.client = new DashboardClient(this.addr, REQUEST_TIMEOUT_MS, dashboardAccess(config));
    this.process = new TestProcess(
      process.execPath,
      [TOOL_PROGRAM, '-c', configFile, 'dashboard', `--addr=${this.addr}`],
      { env: { CODIS_FAULT_POINT: faultPoint } },
    );
  }

  /** @param faultPoint where it is to die, see base/fault-point.ts */
  static async start(
    configFile: string,
    addr?: string,
    faultPoint = '',
  ): Promise<DashboardProcess> {
    const ownAddr = addr ?? `127.0.0.1:${await freePort()}`;
    const dashboard = new DashboardProcess(ownAddr, configFile, faultPoint);
    await eventually('the dashboard answers', async () => {
      const { isRunning, stderr } = dashboard.process;
      if (!isRunning) throw new Error(`the dashboard ended: ${stderr}`);
      return dashboard.client.health();
    });
    return dashboard;
  }

  /** A group for each server, as its master, and equal shares of the slots. */
  async setUp(servers: readonly RedisServer[]): Promise<void> {
    await this.client.initSlots();
    const share = SLOT_COUNT / servers.length;
    for (const [index, { addr }] of servers.entries()) {
      const group = index + 1;
      await this.client.addGroup(group);
      await this.client.addServer(group, addr, 'master');
      await this.client.setSlots({
        from: Math.ceil(index * share),
        to: Math.ceil((index + 1) * share) - 1,
        new_group: group,
        status: 'online',
      });
    }
  }
}

/**
 * A cluster of real processes: redis-servers and codis-proxies over a coordinator, with a
 * dashboard or a stand-in for it. Clients are served when `start` resolves. `stop` ends all of
 * it, as does the end of the test's process.
 */
export class TestCluster {
  readonly groups: readonly RedisServer[];
  readonly proxies: ProxyProcess[] = [];
  /** The tree, and what an operator writes there without a dashboard. */
  readonly standIn: StandInDashboard;
  readonly #proxyArgs: readonly string[];
  readonly #folder: string;
  readonly #config: string;
  #dashboard: DashboardProcess | null;

  private constructor(
    options: ClusterOptions,
    folder: string,
    config: string,
    standIn: StandInDashboard,
    dashboard: DashboardProcess | null,
    groups: readonly RedisServer[],
  ) {
    this.#proxyArgs = options.proxyArgs ?? [];
    this.#folder = folder;
    this.#config = config;
    this.#dashboard = dashboard;
    this.standIn = standIn;
    this.groups = groups;
  }

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const { groups: groupCount = 2, proxies: proxyCount = 1, redisArgs = [] } = options;
    const folder = temporaryFolder();
    const config = configText(folder, options);
    const [groups, coordinator] = await Promise.all([
      Promise.all(Array.from({ length: groupCount }, () => startRedis(redisArgs))),
      openCoordinator(parseConfig(standInConfig(config), 'test'), silentLog()),
    ]);
    const standIn = await StandInDashboard.start(new Store(coordinator, PRODUCT));
    let dashboard: DashboardProcess | null = null;
    if (options.dashboard === 'process') {
      const file = join(folder, 'dashboard.ini');
      writeFileSync(file, config);
      dashboard = await DashboardProcess.start(file);
      await dashboard.setUp(groups);
    } else {
      await standIn.setUp(groups.map((group) => group.addr));
    }
    const cluster = new TestCluster(options, folder, config, standIn, dashboard, groups);
    const ids = Array.from({ length: proxyCount }, (_, index) => `proxy_${index + 1}`);
    const proxies = await Promise.all(ids.map((id) => cluster.startProxy(id)));
    await Promise.all(proxies.map((proxy) => proxy.serves()));
    return cluster;
  }

  /**
   * One more proxy, not waited for.
   *
   * @param more config.ini keys of this proxy alone
   */
  async startProxy(id: string, more: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> {
    const own = { proxy_id: id, dashboard_addr: this.#dashboardAddr, ...more };
    const lines = Object.entries(own).map(([key, value]) => `${key}=${value}\n`);
    const file = join(this.#folder, `${id}-${this.proxies.length}.ini`);
    writeFileSync(file, this.#config + lines.join(''));
    const [port, adminPort] = [await freePort(), await freePort()];
    const proxy = new ProxyProcess(id, port, adminPort, file, this.#proxyArgs);
    this.proxies.push(proxy);
    return proxy;
  }

  /** The first proxy. */
  get proxy(): ProxyProcess {
    const [first] = this.proxies;
    if (!first) throw new Error('the cluster was started without a proxy');
    return first;
  }

  /** The folder of the embedded coordinator. */
  get embeddedPath(): string {
    return join(this.#folder, 'coordinator');
  }

  get store(): Store {
    return this.standIn.store;
  }

  /** The dashboard's process and client. */
  get dashboard(): DashboardProcess {
    if (!this.#dashboard) throw new Error("the cluster was started without dashboard: 'process'");
    return this.#dashboard;
  }

  /** Another dashboard at the address of the one before, which is killed if it runs still. */
  async restartDashboard(faultPoint = ''): Promise<DashboardProcess> {
    const { addr, process } = this.dashboard;
    await process.stop('SIGKILL');
    const file = join(this.#folder, 'dashboard.ini');
    return (this.#dashboard = await DashboardProcess.start(file, addr, faultPoint));
  }

  get #dashboardAddr(): string {
    return this.#dashboard?.addr ?? this.standIn.addr;
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.process.stop('SIGKILL')));
    await this.#dashboard?.process.stop('SIGKILL');
    this.standIn.close();
    await this.store.coordinator.close();
    await Promise.all(this.groups.map((group) => group.stop()));
  }
}

/** Writes 1,024 slots at once, which on a busy machine may take longer than the proxies' sessions. */
function standInConfig(config: string): string {
  return config.replace(/^zk_session_timeout=.*$/m, 'zk_session_timeout=30000');
}

/** A config.ini for all processes of a cluster. */
function configText(folder: string, { zk, config }: ClusterOptions): string {
  const settings = {
    product: PRODUCT,
    coordinator: zk ? 'zookeeper' : 'embedded',
    ...(zk ? { zk } : { embedded_path: join(folder, 'coordinator') }),
    zk_session_timeout: 10_000,
    ...config,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
