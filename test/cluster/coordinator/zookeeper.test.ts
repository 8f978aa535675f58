import { silentLog } from '../../../base/log.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { startZooKeeper } from '../../support/zookeeper.js';
import { type Clients, describeCoordinator } from './conformance.js';
import { describeHistories } from './random-histories.js';

async function start(): Promise<Clients> {
  const server = await startZooKeeper();
  return {
    open: async () => {
      const coordinator = new ZooKeeperCoordinator({
        servers: server.addr,
        sessionTimeoutMs: 10_000,
        log: silentLog(),
      });
      await coordinator.connected(10_000);
      return coordinator;
    },
    end: () => server.stop(),
  };
}

describeCoordinator('zookeeper', start);
describeHistories('zookeeper', start);
