import { silentLog } from '../../../base/log.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { startZooKeeper } from '../../support/zookeeper.js';
import { describeCoordinator } from './conformance.js';

describeCoordinator('zookeeper', async () => {
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
});
