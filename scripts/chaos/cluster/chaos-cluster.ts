import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../../base/config.js';
import { silentLog } from '../../../base/log.js';
import { openCoordinator } from '../../../cluster/coordinator/open.js';
import { masterOf } from '../../../cluster/model/group.js';
import { SLOT_COUNT } from '../../../cluster/slot-hash.js';
import { Store } from '../../../cluster/store.js';
import { DashboardClient } from '../../../dashboard/api/client.js';
import { probe } from '../../local-cluster/probe.js';
import { findProgram, findRedis } from '../../local-cluster/programs.js';
import { freePorts } from '../../support/child-server.js';
import { TcpLink } from '../../support/tcp-link.js';
import { PASSWORD } from '../checker/connection.js';
import { projectFile } from '../project-file.js';
import { ChaosProcess } from './chaos-process.js';

const PRODUCT = 'chaos';
const HOST = '127.0.0.1';
/** Where servers are found that have a link. */
const LINK_HOST = '127.0.0.2';
const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

export interface ClusterOptions {
  readonly groups: number;
  /** How many of the groups have the slots at first, in equal shares. */
  readonly groupsWithSlots: number;
  /** Of each group, besides its master. */
  readonly replicas: number;
  readonly proxies: number;
  /** ZooKeeper can be stopped, and proxies be cut off from it; embedded needs no Java. */
  readonly coordinator: 'zookeeper' | 'embedded';
  /** More arguments for the redis-servers of each group. */
  readonly redisArgs: (groupId: number) => readonly string[];
  /**
   * Servers are on record by addresses that lead to them by a link each, which proxies, dashboards and
   * other servers use, and which can be cut.
   */
  readonly serverLinks?: boolean;
  /** Another dashboard, which takes over when the first one is gone. */
  readonly hasStandby?: boolean;
  /** More lines of config.ini. */
  readonly config: Readonly<Record<string, string | number>>;
}

/** A redis-server; whether it is its group's master is in the coordinator. */
export interface GroupServer {
  readonly groupId: number;
  readonly port: number;
  /** As it is on record. */
  readonly addr: string;
  readonly process: ChaosProcess;
  /** The way of all others to it; null: they reach it directly. */
  readonly link: TcpLink | null;
}

export interface ProxyServer {
  readonly id: string;
  readonly port: number;
  readonly addr: string;
  readonly process: ChaosProcess;
  /** Its way to ZooKeeper; null with the embedded coordinator. */
  readonly link: TcpLink | null;
}

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
  /** Null with the embedded coordinator. */
  readonly zookeeper: ChaosProcess | null;

  private constructor(
    parts: Omit<ChaosCluster, 'stop' | 'killNow' | 'masters' | 'masterOf' | 'clientPorts'>,
  ) {
    this.folder = parts.folder;
    this.servers = parts.servers;
    this.proxies = parts.proxies;
    this.dashboard = parts.dashboard;
    this.standby = parts.standby;
    this.client = parts.client;
    this.store = parts.store;
    this.zookeeper = parts.zookeeper;
  }

  /** Starts all of it; clients are served when the promise resolves. */
  static async start(options: ClusterOptions): Promise<ChaosCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'codis-chaos-'));
    mkdirSync(join(folder, 'logs'));
    const serverCount = options.groups * (1 + options.replicas);
    const ports = await freePorts(3 + serverCount + 2 * options.proxies);
    const [zkPort, dashboardPort, standbyPort, ...rest] = ports as [
      number,
      number,
      number,
      ...number[],
    ];
    const isEmbedded = options.coordinator === 'embedded';
    const zookeeper = isEmbedded ? null : zookeeperProcess(folder, zkPort);
    // The first of each group, then the second of each.
    const servers = await Promise.all(
      rest
        .splice(0, serverCount)
        .map((port, index) => groupServer(folder, 1 + (index % options.groups), port, options)),
    );
    await Promise.all([zookeeper, ...servers.map(({ process }) => process)].map((p) => p?.start()));

    const dashboardAddr = `${HOST}:${dashboardPort}`;
    const settings = (zk: number | null): Record<string, string | number> => ({
      product: PRODUCT,
      dashboard_addr: dashboardAddr,
      dashboard_data: join(folder, 'dashboard'),
      // A server that is killed comes back with all that it has acknowledged.
      ha: 'off',
      coordinator: options.coordinator,
      ...(zk === null
        ? { embedded_path: join(folder, 'coordinator') }
        : { zk: `${HOST}:${zk}`, zk_session_timeout: 4_000 }),
      ...options.config,
    });
    const config = writeConfig(folder, 'cluster', settings(isEmbedded ? null : zkPort));
    const client = new DashboardClient(dashboardAddr);
    const role = options.hasStandby ? 'may stand by' : 'leads';
    const dashboard = dashboardProcess(folder, config, client, role);
    await dashboard.start();
    const standby = options.hasStandby
      ? dashboardProcess(folder, config, new DashboardClient(`${HOST}:${standbyPort}`), role)
      : null;
    await standby?.start();
    await setUp(client, servers, options);

    // The first proxy has one worker, the second two, and so on.
    const proxies: ProxyServer[] = [];
    for (let index = 0; index < options.proxies; index++) {
      const [port, adminPort] = rest.splice(0, 2) as [number, number];
      const id = `proxy_${index + 1}`;
      const link = isEmbedded ? null : await TcpLink.to(zkPort);
      const own = writeConfig(folder, id, { ...settings(link?.port ?? null), proxy_id: id });
      const process = proxyProcess(folder, own, id, port, adminPort, 1 + (index % 2));
      proxies.push({ id, port, addr: `${HOST}:${port}`, process, link });
    }
    await Promise.all(proxies.map(({ process }) => process.start()));
    const text = Object.entries(settings(isEmbedded ? null : zkPort))
      .map(([key, value]) => `${key}=${value}`)
      .join('\n');
    const coordinator = await openCoordinator(parseConfig(text, 'chaos'), silentLog());
    const store = new Store(coordinator, PRODUCT);
    const parts = { folder, servers, proxies, dashboard, standby, client, store, zookeeper };
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

  /** Kills all of it. @param data what is to be done with logs and data */
  async stop(data: 'keep' | 'remove'): Promise<void> {
    await this.store.coordinator.close();
    this.killNow();
    const all = [...this.servers, ...this.proxies].map(({ process }) => process);
    const others = [this.dashboard, this.standby, this.zookeeper];
    await Promise.all([...all, ...others].map((process) => process?.ended()));
    if (data === 'remove') rmSync(this.folder, { recursive: true, force: true });
  }

  killNow(): void {
    for (const { process } of [...this.proxies, ...this.servers]) process.killNow();
    this.dashboard.killNow();
    this.standby?.killNow();
    this.zookeeper?.killNow();
    for (const { link } of [...this.proxies, ...this.servers]) link?.close();
  }
}

async function groupServer(
  folder: string,
  groupId: number,
  port: number,
  { redisArgs, serverLinks }: ClusterOptions,
): Promise<GroupServer> {
  const name = `redis-${groupId}-${port}`;
  const data = join(folder, name);
  mkdirSync(data);
  const process = new ChaosProcess({
    name,
    program: findRedis() ?? 'redis-server',
    args: [
      ...['--port', String(port), '--bind', HOST, '--dir', data, '--save', ''],
      // What is acknowledged is on the disk: a server that is killed loses nothing.
      ...['--appendonly', 'yes', '--appendfsync', 'always'],
      ...['--repl-diskless-sync-delay', '0'],
      ...redisArgs(groupId),
    ],
    logFile: join(folder, 'logs', `${name}.log`),
    serves: async () => {
      const isWhole = (reply: string) => reply.split('\n').length > 2;
      const reply = await probe(port, `AUTH ${PASSWORD}\r\nPING\r\n`, isWhole);
      return reply?.includes('+PONG') ?? false;
    },
  });
  const link = serverLinks ? await TcpLink.at(LINK_HOST, port) : null;
  return { groupId, port, addr: `${link ? LINK_HOST : HOST}:${port}`, process, link };
}

function zookeeperProcess(folder: string, port: number): ChaosProcess {
  const home = join(folder, 'zookeeper');
  mkdirSync(home);
  const settings = [
    'tickTime=500',
    `dataDir=${home}`,
    `clientPortAddress=${HOST}`,
    `clientPort=${port}`,
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
  ];
  const file = join(home, 'zoo.cfg');
  writeFileSync(file, `${settings.join('\n')}\n`);
  return new ChaosProcess({
    name: 'ZooKeeper',
    program: findProgram('java') ?? 'java',
    args: [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dzookeeper.preAllocSize=1024', '-cp', `${home}:${ZOOKEEPER_JAR}`],
      ...['org.apache.zookeeper.server.ZooKeeperServerMain', file],
    ],
    logFile: join(folder, 'logs', 'zookeeper.log'),
    serves: async () => (await probe(port, 'ruok', (reply) => reply.length >= 4)) === 'imok',
  });
}

/** @param role a dashboard that is alone leads; of two it depends */
function dashboardProcess(
  folder: string,
  config: string,
  client: DashboardClient,
  role: 'leads' | 'may stand by',
): ChaosProcess {
  const isReady = (lease: string) =>
    lease === 'held' || (role === 'may stand by' && lease === 'standby');
  return new ChaosProcess({
    name: `the dashboard at ${client.addr}`,
    program: process.execPath,
    args: [projectFile('bin/codis-config'), '-c', config, 'dashboard', `--addr=${client.addr}`],
    logFile: join(folder, 'logs', `dashboard-${client.addr.split(':')[1]}.log`),
    serves: async () => isReady((await client.health()).lease),
  });
}

function proxyProcess(
  folder: string,
  config: string,
  id: string,
  port: number,
  adminPort: number,
  workers: number,
): ChaosProcess {
  return new ChaosProcess({
    name: id,
    program: process.execPath,
    args: [
      ...[projectFile('bin/codis-proxy'), '-c', config],
      ...[`--addr=${HOST}:${port}`, `--http-addr=${HOST}:${adminPort}`, `--cpu=${workers}`],
    ],
    logFile: join(folder, 'logs', `${id}.log`),
    serves: async () => (await fetch(`http://${HOST}:${adminPort}/healthz`)).status === 200,
  });
}

function writeConfig(
  folder: string,
  name: string,
  settings: Readonly<Record<string, string | number>>,
): string {
  const file = join(folder, `${name}.ini`);
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
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
