import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DashboardProcess, ProxyProcess } from '../../support/cluster.js';
import { freePort } from '../../support/ports.js';
import { temporaryFolder } from '../../support/process.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

/** A dashboard that knows of nothing yet, and Redis servers that wait to be added. */
export class EmptyCluster {
  readonly servers: readonly RedisServer[];
  dashboard: DashboardProcess;
  readonly #configFile: string;
  readonly #proxies: ProxyProcess[] = [];
  #standBy: DashboardProcess | null = null;

  private constructor(
    servers: readonly RedisServer[],
    dashboard: DashboardProcess,
    configFile: string,
  ) {
    this.servers = servers;
    this.dashboard = dashboard;
    this.#configFile = configFile;
  }

  static async start(serverCount: number): Promise<EmptyCluster> {
    const folder = temporaryFolder();
    const configFile = join(folder, 'config.ini');
    const addr = `127.0.0.1:${await freePort()}`;
    writeFileSync(
      configFile,
      [
        'product=web-test',
        'coordinator=embedded',
        `embedded_path=${join(folder, 'coordinator')}`,
        `dashboard_data=${join(folder, 'dashboard')}`,
        `dashboard_addr=${addr}`,
        'proxy_id=proxy_1',
        'zk_session_timeout=10000',
        '',
      ].join('\n'),
    );
    const servers = Array.from({ length: serverCount }, () => startRedis());
    const [dashboard, ...started] = await Promise.all([
      DashboardProcess.start(configFile, addr),
      ...servers,
    ]);
    return new EmptyCluster(started, dashboard, configFile);
  }

  get url(): string {
    return `http://${this.dashboard.addr}/`;
  }

  /** A proxy that is set online by the dashboard as soon as it can be; not waited for. */
  async startProxy(): Promise<ProxyProcess> {
    const [port, adminPort] = [await freePort(), await freePort()];
    const proxy = new ProxyProcess('proxy_1', port, adminPort, this.#configFile, []);
    this.#proxies.push(proxy);
    return proxy;
  }

  async killDashboard(): Promise<void> {
    await this.dashboard.process.stop('SIGKILL');
  }

  /** One more dashboard, which stands by; {@link dashboard} stays the one that it was. */
  async startStandBy(): Promise<DashboardProcess> {
    this.#standBy = await DashboardProcess.start(this.#configFile);
    return this.#standBy;
  }

  /** Another dashboard where the killed one was. */
  async startDashboardAgain(): Promise<void> {
    this.dashboard = await DashboardProcess.start(this.#configFile, this.dashboard.addr);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.process.stop('SIGKILL')));
    await this.killDashboard();
    await this.#standBy?.process.stop('SIGKILL');
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
