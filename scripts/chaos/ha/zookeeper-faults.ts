import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster } from '../cluster/chaos-cluster.js';
import { type HaFault, QUIET_MS } from './ha-fault.js';

type Member = ChaosCluster['zookeepers'][number];

/** The member that leads the ensemble, and one that follows it. */
async function roles(cluster: ChaosCluster): Promise<{ leader: Member; follower: Member }> {
  const { zookeepers } = cluster;
  const leads = await Promise.all(zookeepers.map((member) => member.leads()));
  const leader = zookeepers[leads.indexOf(true)];
  const follower = zookeepers[leads.indexOf(false)];
  if (!leader || !follower) throw new Error('ZooKeeper has no leader');
  return { leader, follower };
}

async function startAllGone({ zookeepers }: ChaosCluster): Promise<void> {
  const gone = zookeepers.filter(({ process }) => !process.isRunning);
  await Promise.all(gone.map(({ process }) => process.start()));
}

/** Members of ZooKeeper's ensemble of three, one of which may fail. */
export const ZOOKEEPER_FAULTS: readonly HaFault[] = [
  {
    name: "kill -9 of ZooKeeper's leader",
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster }) => (await roles(cluster)).leader.process.kill(),
    repair: async ({ cluster }) => {
      await sleep(QUIET_MS);
      await startAllGone(cluster);
    },
  },
  {
    name: "SIGSTOP of ZooKeeper's leader",
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster }) => (await roles(cluster)).leader.process.pause(),
    repair: async ({ cluster }) => {
      await sleep(2 * QUIET_MS);
      for (const { process } of cluster.zookeepers) process.resume();
    },
  },
  {
    name: 'kill -9 of a follower in ZooKeeper',
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster }) => (await roles(cluster)).follower.process.kill(),
    repair: async ({ cluster }) => {
      await sleep(QUIET_MS);
      await startAllGone(cluster);
    },
  },
  {
    name: 'SIGSTOP of a follower in ZooKeeper',
    expects: 'nothing',
    needsZooKeeper: true,
    strike: async ({ cluster }) => (await roles(cluster)).follower.process.pause(),
    repair: async ({ cluster }) => {
      await sleep(2 * QUIET_MS);
      for (const { process } of cluster.zookeepers) process.resume();
    },
  },
  {
    name: "kill -9 of a master and ZooKeeper's leader",
    expects: 'failover',
    needsZooKeeper: true,
    strike: async ({ cluster, master }) => {
      const { leader } = await roles(cluster);
      await Promise.all([master.process.kill(), leader.process.kill()]);
    },
    repair: async ({ cluster, master, failedOver }) => {
      await failedOver();
      await master.process.start();
      await startAllGone(cluster);
    },
  },
];
