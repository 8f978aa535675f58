import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster } from '../cluster/chaos-cluster.js';
import { type HaFault, QUIET_MS } from './ha-fault.js';
import { PARTIAL_PARTITIONS } from './partial-partitions.js';
import { ZOOKEEPER_FAULTS } from './zookeeper-faults.js';

async function killBoth(one: { kill(): Promise<void> }, other: { kill(): Promise<void> }) {
  await Promise.all([one.kill(), other.kill()]);
}

async function startIfGone(process: ChaosCluster['dashboard']): Promise<void> {
  if (!process.isRunning) await process.start();
}

export const HA_FAULTS: readonly HaFault[] = [
  {
    name: 'kill -9 of a master',
    expects: 'failover',
    strike: ({ master }) => master.process.kill(),
    repair: async ({ master, failedOver }) => {
      await failedOver();
      await master.process.start();
    },
  },
  {
    name: 'SIGSTOP of a master',
    expects: 'failover',
    strike: async ({ master }) => master.process.pause(),
    repair: async ({ master, failedOver }) => {
      await failedOver();
      await sleep(1_000);
      master.process.resume();
    },
  },
  {
    name: 'a master cut off',
    expects: 'failover',
    cutsMasterOff: true,
    strike: async ({ master }) => master.link!.cut(),
    repair: async ({ master, failedOver }) => {
      await failedOver();
      await sleep(3_000);
      master.link!.mend();
    },
  },
  {
    name: 'a master that the network is silent of',
    expects: 'failover',
    cutsMasterOff: true,
    strike: async ({ master }) => master.link!.stall(),
    repair: async ({ master, failedOver }) => {
      await failedOver();
      await sleep(3_000);
      // As after a long outage: what was under way is lost.
      master.link!.cut();
      master.link!.mend();
    },
  },
  {
    name: 'kill -9 of a master and the dashboard that leads',
    expects: 'failover',
    strike: ({ master, leader }) => killBoth(master.process, leader),
    repair: async ({ master, leader, failedOver }) => {
      await failedOver();
      await master.process.start();
      await startIfGone(leader);
    },
  },
  {
    name: 'kill -9 of a master and a proxy',
    expects: 'failover',
    strike: ({ master, cluster }) => killBoth(master.process, cluster.proxies[0]!.process),
    repair: async ({ master, cluster, failedOver }) => {
      await failedOver();
      await master.process.start();
      await startIfGone(cluster.proxies[0]!.process);
    },
  },
  {
    name: 'kill -9 of a replica',
    expects: 'nothing',
    strike: ({ replica }) => replica.process.kill(),
    repair: async ({ replica }) => {
      await sleep(QUIET_MS);
      await replica.process.start();
    },
  },
  {
    name: 'SIGSTOP of a replica',
    expects: 'nothing',
    strike: async ({ replica }) => replica.process.pause(),
    repair: async ({ replica }) => {
      await sleep(QUIET_MS);
      replica.process.resume();
    },
  },
  {
    name: 'kill -9 of a proxy',
    expects: 'nothing',
    strike: ({ cluster }) => cluster.proxies[1]!.process.kill(),
    repair: async ({ cluster }) => {
      await sleep(QUIET_MS);
      await startIfGone(cluster.proxies[1]!.process);
    },
  },
  {
    name: 'SIGSTOP of a proxy',
    expects: 'nothing',
    strike: async ({ cluster }) => cluster.proxies[0]!.process.pause(),
    repair: async ({ cluster }) => {
      await sleep(QUIET_MS);
      cluster.proxies[0]!.process.resume();
    },
  },
  {
    name: 'kill -9 of the dashboard that leads',
    expects: 'nothing',
    strike: ({ leader }) => leader.kill(),
    repair: async ({ leader }) => {
      await sleep(QUIET_MS);
      await startIfGone(leader);
    },
  },
  {
    name: 'SIGSTOP of the dashboard that leads',
    expects: 'nothing',
    strike: async ({ leader }) => leader.pause(),
    repair: async ({ leader }) => {
      await sleep(QUIET_MS);
      leader.resume();
    },
  },
  ...PARTIAL_PARTITIONS,
  ...ZOOKEEPER_FAULTS,
];
