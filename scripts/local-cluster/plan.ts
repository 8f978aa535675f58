import { join, relative } from 'node:path';
import { OperatorError } from '../../base/errors.js';
import { DEFAULTS, type Options } from './options.js';
import type { PlannedPort } from './ports.js';

/** What a data folder keeps about the cluster in it, beside the coordinator's records. */
export interface RecordedCluster {
  readonly product: string;
  readonly coordinator: CoordinatorPlan;
  readonly servers: readonly RecordedServer[];
  /** The slots were given to the groups once; from then on they are the operator's. */
  readonly slotsAssigned: boolean;
}

export interface RecordedServer {
  readonly group: number;
  readonly port: number;
  /**
   * - `planned`: wanted, and not known to be in its group yet; a later start goes on with it
   * - `added`: it was in its group once; if it is not any more, that was the operator's wish
   * - `given up`: it could not be added to a cluster that serves without it; forgotten at the next
   *   start, unless it was added after all
   */
  readonly state: 'planned' | 'added' | 'given up';
}

export type CoordinatorPlan =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'zookeeper'; readonly port: number }
  | { readonly kind: 'external'; readonly zk: string };

export interface Plan {
  readonly data: string;
  readonly cluster: RecordedCluster;
  readonly dashboardPort: number;
  readonly proxies: readonly ProxyPlan[];
  /** Load codis_slots.so into the Redis servers. */
  readonly withModule: boolean;
}

export interface ProxyPlan {
  readonly id: string;
  readonly port: number;
  readonly adminPort: number;
}

/**
 * Joins what was asked for with what the data folder holds.
 *
 * @throws OperatorError if the two do not go together.
 */
export function makePlan(options: Options, inFolder: RecordedCluster | null): Plan {
  // A start that failed before it had set up anything binds nobody.
  const recorded = inFolder?.servers.some(({ state }) => state === 'added') ? inFolder : null;
  const cluster: RecordedCluster = {
    product: recorded ? sameProduct(options, recorded) : (options.product ?? DEFAULTS.product),
    coordinator: coordinatorPlan(options, recorded),
    servers: serverPlan(options, recorded),
    slotsAssigned: recorded?.slotsAssigned ?? false,
  };
  const proxies = range(options.proxies).map((index) => ({
    id: `proxy_${index + 1}`,
    port: options.proxyPort + index,
    adminPort: options.adminPort + index,
  }));
  return {
    data: options.data,
    cluster,
    dashboardPort: options.dashboardPort,
    proxies,
    withModule: options.module,
  };
}

/** Every port that the plan listens on, with the option that moves it. */
export function portsOf({ cluster, dashboardPort, proxies }: Plan): PlannedPort[] {
  const redisOption = cluster.servers.some(({ state }) => state === 'added')
    ? 'another --data with another --redis-port'
    : '--redis-port';
  const servers = cluster.servers.filter(({ state }) => state !== 'given up');
  return [
    ...proxies.map(({ id, port }) => ({ port, what: id, option: '--proxy-port' })),
    ...proxies.map(({ id, adminPort }) => ({
      port: adminPort,
      what: `the metrics of ${id}`,
      option: '--admin-port',
    })),
    { port: dashboardPort, what: 'the dashboard', option: '--dashboard-port' },
    ...servers.map(({ port }) => ({ port, what: 'a redis-server', option: redisOption })),
    ...(cluster.coordinator.kind === 'zookeeper'
      ? [{ port: cluster.coordinator.port, what: 'ZooKeeper', option: '--zookeeper-port' }]
      : []),
  ];
}

/** The folder as a person would write it: relative if it is below the current one. */
export function shownFolder(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path === '' || path.startsWith('..') ? folder : path;
}

export const configFile = (data: string): string => join(data, 'config.ini');

function sameProduct(options: Options, recorded: RecordedCluster): string {
  if (options.product !== undefined && options.product !== recorded.product) {
    throw new OperatorError(
      `${shownFolder(options.data)} holds the product ${recorded.product}, not ${options.product}`,
      { hint: 'leave --product out, or choose another folder with --data' },
    );
  }
  return recorded.product;
}

function coordinatorPlan(options: Options, recorded: RecordedCluster | null): CoordinatorPlan {
  const kind =
    options.zk !== undefined ? 'external' : (options.coordinator ?? recorded?.coordinator.kind);
  if (options.zk !== undefined && options.coordinator === 'embedded') {
    throw new OperatorError('--zk and --coordinator embedded exclude each other');
  }
  if (recorded && kind !== recorded.coordinator.kind) {
    throw new OperatorError(
      `${shownFolder(options.data)} holds a cluster whose coordinator is ${describe(recorded.coordinator)}`,
      { hint: 'leave --coordinator and --zk as they were, or choose another folder with --data' },
    );
  }
  switch (kind) {
    case 'external':
      return { kind, zk: options.zk ?? externalZk(recorded) };
    case 'zookeeper': {
      const earlier =
        recorded?.coordinator.kind === 'zookeeper' ? recorded.coordinator.port : undefined;
      return { kind, port: options.zookeeperPort ?? earlier ?? DEFAULTS.zookeeperPort };
    }
    default:
      return { kind: DEFAULTS.coordinator };
  }
}

function externalZk(recorded: RecordedCluster | null): string {
  if (recorded?.coordinator.kind !== 'external') throw new OperatorError('--zk is missing');
  return recorded.coordinator.zk;
}

export function describe(coordinator: CoordinatorPlan): string {
  switch (coordinator.kind) {
    case 'embedded':
      return 'embedded';
    case 'zookeeper':
      return `a ZooKeeper of its own on 127.0.0.1:${coordinator.port}`;
    case 'external':
      return `the ZooKeeper at ${coordinator.zk}`;
  }
}

/**
 * Recorded servers keep their ports; what is missing to the wanted number comes after them. A
 * folder that is asked for nothing gets nothing: its groups may differ in size.
 */
function serverPlan(options: Options, recorded: RecordedCluster | null): RecordedServer[] {
  const servers = [...(recorded?.servers ?? [])];
  const firstPort = servers[0]?.port;
  if (firstPort !== undefined && (options.redisPort ?? firstPort) !== firstPort) {
    throw new OperatorError(
      `the Redis servers of ${shownFolder(options.data)} listen from port ${firstPort} on`,
      { hint: 'leave --redis-port out, or choose another folder with --data' },
    );
  }
  if (recorded && options.groups === undefined && options.replicas === undefined) return servers;
  const present = servers.filter(({ state }) => state !== 'given up');
  const highest = highestGroup(present);
  const perGroup = 1 + (options.replicas ?? replicasOf(present) ?? DEFAULTS.replicas);
  let nextPort = servers.length
    ? Math.max(...servers.map(({ port }) => port)) + 1
    : (options.redisPort ?? DEFAULTS.redisPort);
  const groups = Math.max(options.groups ?? (highest || DEFAULTS.groups), highest);
  for (const group of range(groups).map((index) => index + 1)) {
    const inGroup = present.filter((server) => server.group === group).length;
    // Replicas that were not asked for are for new groups.
    const wanted = options.replicas === undefined && inGroup > 0 ? inGroup : perGroup;
    for (let count = inGroup; count < wanted; count++) {
      const again = servers.findIndex(
        (server) => server.group === group && server.state === 'given up',
      );
      if (again >= 0) servers[again] = { ...servers[again]!, state: 'planned' };
      else servers.push({ group, port: nextPort++, state: 'planned' });
    }
  }
  return servers;
}

function highestGroup(servers: readonly RecordedServer[]): number {
  return Math.max(0, ...servers.map(({ group }) => group));
}

function replicasOf(servers: readonly RecordedServer[]): number | undefined {
  if (servers.length === 0) return undefined;
  return servers.filter(({ group }) => group === servers[0]!.group).length - 1;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
