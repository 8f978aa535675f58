import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster } from '../cluster/chaos-cluster.js';
import type { HaFault, HaScene } from './ha-fault.js';
import { QUIET_MS } from './ha-fault.js';

/** Longer than a session of ZooKeeper's: whoever is cut off from it has lost his nodes. */
const OUTAGE_MS = 6_000;
/** The old master and the new one are both in use for so long. */
const SPLIT_MS = 3_000;

type Process = ChaosCluster['dashboard'];

/** The network is silent between the master and these; all others reach it. */
function silence({ master }: HaScene, ...processes: readonly Process[]): void {
  const sources = new Set(processes.map(({ source }) => source));
  master.link!.stall((source) => sources.has(source));
}

/** As after a long outage: what was under way is lost. */
function reconnect({ master }: HaScene): void {
  master.link!.cut();
  master.link!.mend();
}

/**
 * Partitions in which two who do not reach each other are both reached by others. Each process has
 * an address of its own that its connections come from, and links hold some of them.
 */
export const PARTIAL_PARTITIONS: readonly HaFault[] = [
  {
    name: 'one proxy does not reach a master',
    expects: 'nothing',
    strike: async (scene) => silence(scene, scene.cluster.proxies[0]!.process),
    repair: async (scene) => {
      await sleep(QUIET_MS);
      reconnect(scene);
    },
  },
  {
    name: 'the dashboard that leads does not reach a master',
    expects: 'nothing',
    strike: async (scene) => silence(scene, scene.leader),
    repair: async (scene) => {
      await sleep(QUIET_MS);
      reconnect(scene);
    },
  },
  {
    name: 'no proxy reaches a master, the dashboard does',
    expects: 'failover',
    strike: async (scene) => silence(scene, ...scene.cluster.proxies.map(({ process }) => process)),
    repair: async (scene) => {
      await scene.failedOver();
      reconnect(scene);
    },
  },
  {
    name: 'one proxy does not reach ZooKeeper',
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster }) => cluster.cutFromCoordinator(cluster.proxies[0]!.process),
    repair: async ({ cluster }) => {
      await sleep(OUTAGE_MS);
      cluster.mendCoordinator();
    },
  },
  {
    name: 'kill -9 of a master while a proxy does not reach ZooKeeper',
    expects: 'failover',
    needsZooKeeper: true,
    strike: async ({ cluster, master }) => {
      cluster.cutFromCoordinator(cluster.proxies[0]!.process);
      await master.process.kill();
    },
    repair: async ({ cluster, master, failedOver }) => {
      await failedOver();
      await sleep(SPLIT_MS);
      cluster.mendCoordinator();
      await master.process.start();
    },
  },
  {
    name: 'a master and a proxy, alone with each other',
    expects: 'failover',
    needsZooKeeper: true,
    strike: async ({ cluster, master }) => {
      const { process } = cluster.proxies[0]!;
      cluster.cutFromCoordinator(process);
      master.link!.stall((source) => source !== process.source);
    },
    repair: async (scene) => {
      await scene.failedOver();
      await sleep(SPLIT_MS);
      scene.cluster.mendCoordinator();
      reconnect(scene);
    },
  },
  {
    name: 'the dashboard that leads does not reach ZooKeeper',
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster, leader }) => cluster.cutFromCoordinator(leader),
    repair: async ({ cluster }) => {
      await sleep(OUTAGE_MS);
      cluster.mendCoordinator();
    },
  },
  {
    name: 'kill -9 of a master while the dashboard that leads does not reach ZooKeeper',
    expects: 'failover',
    needsZooKeeper: true,
    strike: async ({ cluster, leader, master }) => {
      cluster.cutFromCoordinator(leader);
      await master.process.kill();
    },
    repair: async ({ cluster, master, failedOver }) => {
      await failedOver();
      cluster.mendCoordinator();
      await master.process.start();
    },
  },
];
