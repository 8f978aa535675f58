import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../base/config.js';
import { silentLog } from '../../base/log.js';
import type { Coordinator } from '../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { Store } from '../../cluster/store.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { TestProcess, temporaryFolder } from './process.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { PRODUCT, StandInDashboard } from './stand-in-dashboard.js';

const PROXY_PROGRAM = fileURLToPath(new URL('../../bin/codis-proxy', import.meta.url));

export interface ClusterOptions {
  /** Redis servers, each the master of a group of its own, with slots in equal shares. */
  readonly groups?: number;
  readonly proxies?: number;
  /** host:port of a ZooKeeper; the embedded coordinator if absent. */
  readonly zk?: string;
  /** More keys of config.ini, for every process of the cluster. */
  readonly config?: Readonly<Record<string, string | number>>;
  readonly redisArgs?: readonly string[];
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

  constructor(id: string, port: number, adminPort: number, configFile: string) {
    this.id = id;
    this.port = port;
    this.addr = `127.0.0.1:${port}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
    this.#arguments = [
      ...[PROXY_PROGRAM, '-c', configFile],
      ...[`--addr=${this.addr}`, `--http-addr=127.0.0.1:${adminPort}`],
    ];
    this.process = this.spawn();
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

/**
 * A cluster of real processes: redis-servers and codis-proxies over a coordinator, with a
 * stand-in for the dashboard that writes what it is told. Everything is served when `start`
 * resolves; `stop` ends all of it, as does the end of the test's process.
 */
export class TestCluster {
  readonly groups: readonly RedisServer[];
  readonly proxies: ProxyProcess[] = [];
  /** The operator's view of the tree. */
  readonly store: Store;
  readonly dashboard: StandInDashboard;
  readonly #coordinator: Coordinator;
  readonly #config: string;
  readonly #folder: string;

  private constructor(
    folder: string,
    config: string,
    coordinator: Coordinator,
    dashboard: StandInDashboard,
    groups: readonly RedisServer[],
  ) {
    this.#folder = folder;
    this.#config = config;
    this.#coordinator = coordinator;
    this.store = dashboard.store;
    this.dashboard = dashboard;
    this.groups = groups;
  }

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const { groups: groupCount = 2, proxies: proxyCount = 1, zk, redisArgs = [] } = options;
    const folder = temporaryFolder();
    const settings = {
      product: PRODUCT,
      coordinator: zk ? 'zookeeper' : 'embedded',
      ...(zk ? { zk } : { embedded_path: join(folder, 'coordinator') }),
      zk_session_timeout: 3_000,
      ...options.config,
    };
    const config = Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
    const [groups, coordinator] = await Promise.all([
      Promise.all(Array.from({ length: groupCount }, () => startRedis(redisArgs))),
      openCoordinator(parseConfig(config, 'test'), silentLog()),
    ]);
    const dashboard = await StandInDashboard.start(new Store(coordinator, PRODUCT));
    const share = SLOT_COUNT / groupCount;
    await dashboard.initSlots((slotId) => 1 + Math.floor(slotId / share));
    for (const [index, { addr }] of groups.entries()) {
      await dashboard.saveServer(index + 1, addr, 'master');
    }
    const cluster = new TestCluster(folder, config, coordinator, dashboard, groups);
    const proxies = await Promise.all(
      Array.from({ length: proxyCount }, (_, index) => cluster.startProxy(`proxy_${index + 1}`)),
    );
    await Promise.all(proxies.map((proxy) => proxy.serves()));
    return cluster;
  }

  /**
   * One more proxy, not waited for.
   *
   * @param more config.ini keys of this proxy alone
   */
  async startProxy(id: string, more: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> {
    const own = { proxy_id: id, dashboard_addr: this.dashboard.addr, ...more };
    const lines = Object.entries(own).map(([key, value]) => `${key}=${value}\n`);
    const file = join(this.#folder, `${id}-${this.proxies.length}.ini`);
    writeFileSync(file, this.#config + lines.join(''));
    const proxy = new ProxyProcess(id, await freePort(), await freePort(), file);
    this.proxies.push(proxy);
    return proxy;
  }

  /** The first proxy. */
  get proxy(): ProxyProcess {
    const [first] = this.proxies;
    if (!first) throw new Error('the cluster was started without a proxy');
    return first;
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.process.stop('SIGKILL')));
    this.dashboard.close();
    await this.#coordinator.close();
    await Promise.all(this.groups.map((group) => group.stop()));
  }
}
