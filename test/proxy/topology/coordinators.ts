import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { EmbeddedCoordinator } from '../../../cluster/coordinator/embedded.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { temporaryFolder } from '../../support/process.js';
import { startZooKeeper } from '../../support/zookeeper.js';

/** A coordinator's data, and sessions on it. */
export interface TestTree {
  open(): Promise<Coordinator>;
  stop(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 20_000;

export async function openZooKeeper(port: number, sessionTimeoutMs: number): Promise<Coordinator> {
  const coordinator = new ZooKeeperCoordinator({
    servers: `127.0.0.1:${port}`,
    sessionTimeoutMs,
    log: silentLog(),
  });
  await coordinator.connected(CONNECT_TIMEOUT_MS);
  return coordinator;
}

async function zookeeperTree(): Promise<TestTree> {
  const server = await startZooKeeper();
  return {
    open: () => openZooKeeper(server.port, 15_000),
    stop: () => server.stop(),
  };
}

async function embeddedTree(): Promise<TestTree> {
  const folder = temporaryFolder();
  return {
    open: () => EmbeddedCoordinator.open({ folder, sessionTimeoutMs: 15_000, log: silentLog() }),
    stop: async () => {},
  };
}

/** What the tests that hold for every driver are run on. */
export const TREES: readonly [name: string, start: () => Promise<TestTree>][] = [
  ['zookeeper', zookeeperTree],
  ['embedded', embeddedTree],
];
