import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../../base/config.js';
import { silentLog } from '../../../base/log.js';
import { openCoordinator } from '../../../cluster/coordinator/open.js';
import { masterOf } from '../../../cluster/model/group.js';
import { SLOT_COUNT } from '../../../cluster/slot-hash.js';
import { Store } from '../../../cluster/store.js';
import { DashboardClient } from '../../../dashboard/api/client.js';
import { freePorts } from '../../support/child-server.js';
import type { ChaosProcess } from './chaos-process.js';
import {
  dashboardProcess,
  type GroupServer,
  type GroupServerOptions,
  groupServer,
  HOST,
  LINK_HOST,
  proxyProcess,
  writeConfig,
} from './member-processes.js';
import { ZooKeeperMember } from './zookeeper-member.js';

export type { GroupServer };

const PRODUCT = 'chaos';

export interface ClusterOptions extends GroupServerOptions {
  readonly groups: number;
  /** How many of the groups have the slots at first, in equal shares. */
  readonly groupsWithSlots: number;
  /** Of each group, besides its master. */
  readonly replicas: number;
  readonly proxies: number;
  /** ZooKeeper can be stopped, and proxies be cut off from it; embedded needs no Java. */
  readonly coordinator: 'zookeeper' | 'embedded';
  /** Members of the ensemble; one if it is not given. */
  readonly zookeepers?: number;
  /** Another dashboard, which takes over when the first one is gone. */
  readonly hasStandby?: boolean;
  /** More lines of config.ini. */
  readonly config: Readonly<Record<string, string | number>>;
}

export interface ProxyServer {
  readonly id: string;
  readonly port: number;
  readonly addr: string;
  readonly process: ChaosProcess;
}

type Part = 'folder' | 'servers' | 'proxies' | 'dashboard' | 'standby' | 'client' | 'store';

/** A whole cluster of real processes, each of which can be killed and started again. */
export class ChaosCluster {
  readonly folder: string;
  readonly servers: readonly GroupServer[];
  readonly proxies: readonly ProxyServer[];
  readonly dashboard: ChaosProcess;
  /** Null unless asked for. */
  readonly standby: ChaosProcess | null;
  readonly client: DashboardClient;
  readonly store: Store;
  /** None with the embedded coordinator. */
  readonly zookeepers: readonly ZooKeeperMember[];

  private constructor(parts: Pick<ChaosCluster, Part | 'zookeepers'>) {
    this.folder = parts.folder;
    this.servers = parts.servers;
    this.proxies = parts.proxies;
    this.dashboard = parts.dashboard;
    this.standby = parts.standby;
    this.client = parts.client;
    this.store = parts.store;
    this.zookeepers = parts.zookeepers;
  }

  /** Starts all of it; clients are served when the promise resolves. */
  static async start(options: ClusterOptions): Promise<ChaosCluster> {
    const begun: { killNow(): void }[] = [];
    try {
      return await ChaosCluster.#start(options, begun);
    } catch (error) {
      for (const process of begun) process.killNow();
      throw error;
    }
  }

  /** @param begun gets what has to end if this fails */
  static async #start(
    options: ClusterOptions,
    begun: { killNow(): void }[],
  ): Promise<ChaosCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'codis-chaos-'));
    mkdirSync(join(folder, 'logs'));
    const serverCount = options.groups * (1 + options.replicas);
    const ports = await freePorts(2 + serverCount + 2 * options.proxies);
    const [dashboardPort, standbyPort, ...rest] = ports as [number, number, ...number[]];
    const zookeepers =
      options.coordinator === 'embedded'
        ? []
        : await ZooKeeperMember.make(options.zookeepers ?? 1, folder, LINK_HOST);
    // The first of each group, then the second of each.
    const servers = await Promise.all(
      rest
        .splice(0, serverCount)
        .map((port, index) => groupServer(folder, 1 + (index % options.groups), port, options)),
    );
    begun.push(...[...zookeepers, ...servers].map(({ process }) => process));
    await Promise.all([...zookeepers, ...servers].map(({ process }) => process.start()));

    const dashboardAddr = `${HOST}:${dashboardPort}`;
    const settings: Record<string, string | number> = {
      product: PRODUCT,
      dashboard_addr: dashboardAddr,
      dashboard_data: join(folder, 'dashboard'),
      // A server that is killed comes back with all that it has acknowledged.
      ha: 'off',
      coordinator: options.coordinator,
      ...(zookeepers.length === 0
        ? { embedded_path: join(folder, 'coordinator') }
        : { zk: zookeepers.map(({ addr }) => addr).join(','), zk_session_timeout: 4_000 }),
      ...options.config,
    };
    const config = writeConfig(folder, 'cluster', settings);
    const client = new DashboardClient(dashboardAddr);
    const role = options.hasStandby ? 'may stand by' : 'leads';
    const dashboard = dashboardProcess(folder, 1, config, client, role);
    begun.push(dashboard);
    await dashboard.start();
    const standby = options.hasStandby
      ? dashboardProcess(folder, 2, config, new DashboardClient(`${HOST}:${standbyPort}`), role)
      : null;
    if (standby) begun.push(standby);
    await standby?.start();
    await setUp(client, servers, options);

    const proxies: ProxyServer[] = [];
    for (let number = 1; number <= options.proxies; number++) {
      const [port, adminPort] = rest.splice(0, 2) as [number, number];
      const id = `proxy_${number}`;
      const own = writeConfig(folder, id, { ...settings, proxy_id: id });
      const process = proxyProcess(folder, number, own, id, port, adminPort);
      proxies.push({ id, port, addr: `${HOST}:${port}`, process });
    }
    begun.push(...proxies.map(({ process }) => process));
    await Promise.all(proxies.map(({ process }) => process.start()));
    const text = Object.entries(settings)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n');
    const coordinator = await openCoordinator(parseConfig(text, 'chaos'), silentLog());
    const store = new Store(coordinator, PRODUCT);
    const parts = { folder, servers, proxies, dashboard, standby, client, store, zookeepers };
    return new ChaosCluster(parts);
  }

  /** The master of the group. @throws if it has none */
  async masterOf(groupId: number): Promise<GroupServer> {
    const group = await this.store.loadGroup(groupId);
    const addr = group && masterOf(group);
    const server = this.servers.find((each) => each.addr === addr);
    if (!server) throw new Error(`group ${groupId} has no master`);
    return server;
  }

  /** The port of each group's master. */
  async masters(): Promise<ReadonlyMap<number, number>> {
    const ids = await this.store.loadGroupIds();
    const masters = await Promise.all(ids.map((id) => this.masterOf(id)));
    return new Map(masters.map(({ groupId, port }) => [groupId, port]));
  }

  get clientPorts(): readonly number[] {
    return this.proxies.map(({ port }) => port);
  }

  /** The process reaches no ZooKeeper server, until {@link mendCoordinator}; all else it does. */
  cutFromCoordinator(...processes: readonly ChaosProcess[]): void {
    const sources = new Set(processes.map(({ source }) => source));
    for (const { link } of this.zookeepers) link.cut((source) => sources.has(source));
  }

  mendCoordinator(): void {
    for (const { link } of this.zookeepers) link.mend();
  }

  /** Kills all of it. @param data what is to be done with logs and data */
  async stop(data: 'keep' | 'remove'): Promise<void> {
    await this.store.coordinator.close();
    this.killNow();
    const all = [...this.servers, ...this.proxies].map(({ process }) => process);
    const others = [this.dashboard, this.standby, ...this.zookeepers.map((each) => each.process)];
    await Promise.all([...all, ...others].map((process) => process?.ended()));
    if (data === 'remove') rmSync(this.folder, { recursive: true, force: true });
  }

  killNow(): void {
    for (const { process } of [...this.proxies, ...this.servers]) process.killNow();
    this.dashboard.killNow();
    this.standby?.killNow();
    for (const zookeeper of this.zookeepers) zookeeper.close();
    for (const { link } of this.servers) link?.close();
  }
}

/** Groups with their masters, then replicas; the first groups get the slots. */
async function setUp(
  client: DashboardClient,
  servers: readonly GroupServer[],
  { groups, groupsWithSlots }: ClusterOptions,
): Promise<void> {
  await client.initSlots();
  const share = SLOT_COUNT / groupsWithSlots;
  for (const [index, { groupId, addr }] of servers.entries()) {
    if (index >= groups) {
      await client.addServer(groupId, addr, 'slave');
      continue;
    }
    await client.addGroup(groupId);
    await client.addServer(groupId, addr, 'master');
    if (groupId > groupsWithSlots) continue;
    await client.setSlots({
      from: Math.ceil((groupId - 1) * share),
      to: Math.ceil(groupId * share) - 1,
      new_group: groupId,
      status: 'online',
    });
  }
}
