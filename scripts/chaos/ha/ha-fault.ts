import type { ChaosCluster, GroupServer } from '../cluster/chaos-cluster.js';

/** What is hit. */
export interface HaScene {
  readonly cluster: ChaosCluster;
  readonly groupId: number;
  readonly master: GroupServer;
  readonly replica: GroupServer;
  /** Another dashboard is to be struck each time: the one that leads. */
  readonly leader: ChaosCluster['dashboard'];
  /** Resolves when the group has another master than {@link master}. */
  readonly failedOver: () => Promise<void>;
}

export interface HaFault {
  readonly name: string;
  /** The group gets another master, or nothing is to happen. */
  readonly expects: 'failover' | 'nothing';
  /** The embedded coordinator cannot have it. */
  readonly needsZooKeeper?: boolean;
  /** The master goes on, where nobody reaches it: who is there with it goes on, too. */
  readonly cutsMasterOff?: boolean;
  readonly strike: (scene: HaScene) => Promise<void>;
  /** After a failover, or after some seconds. Resolves when all processes serve. */
  readonly repair: (scene: HaScene) => Promise<void>;
}

/** For so long what should change nothing has time to. */
export const QUIET_MS = 3_000;
