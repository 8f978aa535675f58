import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './checker/connection.js';
import type { ChaosCluster, GroupServer } from './cluster/chaos-cluster.js';

/** Steps of a move, by the name of the dashboard's fault point. */
const DASHBOARD_POINTS = [
  ...['premigrate-saved', 'premigrate-announced', 'premigrate-confirmed'],
  ...['migrate-saved', 'migrate-announced', 'migrate-confirmed'],
  ...['batch-moved', 'keys-moved'],
  ...['online-saved', 'online-announced', 'online-confirmed'],
];
/** Longer than config.ini's backend_timeout. */
const PAUSE_MS = 7_000;
const STATUSES = ['pre_migrate', 'migrate'] as const;
type Status = (typeof STATUSES)[number];

/** Something that goes wrong while slots move. */
export interface Fault {
  /** `source@migrate`: what, and at which step of the move. */
  readonly name: string;
  /** Whether it needs ZooKeeper. */
  readonly coordinator: 'zookeeper' | 'any';
  /**
   * What a job does that is hit: it goes on by itself, or may stop with an error that says why,
   * all slots where they were, until the operator resumes it.
   */
  readonly job: 'goes on' | 'may stop';
  /** Before the move is asked for. */
  arm(scene: Scene): Promise<void>;
  /** While it is under way. Resolves when all servers are there again. */
  strike(scene: Scene): Promise<void>;
}

/** The move that is hit. */
export interface Scene {
  readonly cluster: ChaosCluster;
  readonly source: number;
  readonly target: number;
  /** Resolves when a slot of the move is that far. */
  readonly reached: (status: Status) => Promise<void>;
  /** How long the coordinator is away. */
  readonly outageMs: number;
}

const nothing = async () => {};

/** Killed at a named step of its own, and started again. */
function dashboardFault(point: string): Fault {
  return {
    name: `dashboard@${point}`,
    coordinator: 'any',
    job: 'goes on',
    arm: async ({ cluster }) => {
      await cluster.dashboard.kill();
      await cluster.dashboard.start({ CODIS_FAULT_POINT: point });
    },
    strike: async ({ cluster }) => {
      await cluster.dashboard.ended();
      await cluster.dashboard.start();
    },
  };
}

function serverFault(kind: 'source' | 'target', status: Status): Fault {
  return {
    name: `${kind}@${status}`,
    coordinator: 'any',
    job: 'goes on',
    arm: nothing,
    strike: async ({ cluster, reached, [kind]: groupId }) => {
      const { process } = await cluster.masterOf(groupId);
      await reached(status);
      await process.kill();
      await process.start();
    },
  };
}

function proxyFault(status: Status): Fault {
  return {
    name: `proxy@${status}`,
    coordinator: 'any',
    job: 'goes on',
    arm: nothing,
    strike: async ({ cluster, reached }) => {
      // The one with a single worker, and the one with two.
      const { process } = cluster.proxies[status === 'migrate' ? 1 : 0]!;
      await reached(status);
      await process.kill();
      await process.start();
    },
  };
}

/** Another server of the group becomes its master. */
function promoteFault(kind: 'source' | 'target', status: Status): Fault {
  return {
    name: `promote-${kind}@${status}`,
    coordinator: 'any',
    job: 'goes on',
    // After an earlier promotion the old master is offline until it is made a replica.
    arm: async ({ cluster, [kind]: groupId }) => {
      const replica = await otherThanMaster(cluster, groupId);
      await cluster.client.addServer(groupId, replica.addr, 'slave');
    },
    strike: async ({ cluster, reached, [kind]: groupId }) => {
      const replica = await otherThanMaster(cluster, groupId);
      await reached(status);
      await cluster.client.promote(groupId, replica.addr);
    },
  };
}

async function otherThanMaster(cluster: ChaosCluster, groupId: number): Promise<GroupServer> {
  const master = await cluster.masterOf(groupId);
  return cluster.servers.find((each) => each.groupId === groupId && each !== master)!;
}

/** Stopped for longer than a proxy waits for an answer, and then goes on where it was. */
function pauseFault(kind: 'source' | 'target' | 'proxy', status: Status): Fault {
  return {
    name: `paused-${kind}@${status}`,
    coordinator: 'any',
    job: 'may stop',
    arm: nothing,
    strike: async (scene) => {
      const { cluster, reached } = scene;
      const { process } =
        kind === 'proxy' ? cluster.proxies[0]! : await cluster.masterOf(scene[kind]);
      await reached(status);
      process.pause();
      await sleep(PAUSE_MS);
      process.resume();
    },
  };
}

/** ZooKeeper is killed, and comes back on its data. */
function coordinatorFault(status: Status): Fault {
  return {
    name: `coordinator@${status}`,
    coordinator: 'zookeeper',
    job: 'may stop',
    arm: nothing,
    strike: async ({ cluster, reached, outageMs }) => {
      await reached(status);
      const { process } = cluster.zookeepers[0]!;
      await process.kill();
      await sleep(outageMs);
      await process.start();
    },
  };
}

/** A proxy serves its clients and does not reach ZooKeeper. */
function partitionFault(status: Status): Fault {
  return {
    name: `partition@${status}`,
    coordinator: 'zookeeper',
    job: 'may stop',
    arm: nothing,
    strike: async ({ cluster, reached, outageMs }) => {
      await reached(status);
      cluster.cutFromCoordinator(cluster.proxies[0]!.process);
      await sleep(outageMs);
      cluster.mendCoordinator();
    },
  };
}

export const FAULTS: readonly Fault[] = [
  ...DASHBOARD_POINTS.map(dashboardFault),
  ...STATUSES.flatMap((status) => [
    proxyFault(status),
    serverFault('source', status),
    serverFault('target', status),
    promoteFault('source', status),
    promoteFault('target', status),
    pauseFault('source', status),
    pauseFault('target', status),
    pauseFault('proxy', status),
    coordinatorFault(status),
    partitionFault(status),
  ]),
];

const SETTLING_PINGS = 50;

/**
 * Resolves when no command that was under way before can be executed any more: what a killed
 * process had sent may still wait in a server's sockets, and is read before so many round trips
 * are over.
 */
export async function settle(cluster: ChaosCluster): Promise<void> {
  for (const port of (await cluster.masters()).values()) {
    const connection = await Connection.open(port);
    for (let round = 0; round < SETTLING_PINGS; round++) await connection.call('PING');
    connection.close();
  }
}
