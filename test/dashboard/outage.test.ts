import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper.js';
import { TestCluster } from './test-cluster.js';

let zookeeper: ZooKeeperServer;
let cluster: TestCluster;

beforeAll(async () => {
  zookeeper = await startZooKeeper();
  cluster = await TestCluster.start({
    coordinator: 'zookeeper',
    zk: zookeeper.addr,
    zk_session_timeout: '6000',
  });
});
afterAll(async () => {
  await cluster.stop();
  await zookeeper.stop();
});

it('refuses changes while ZooKeeper is away, says so, and goes on when it is back', async () => {
  const { client } = cluster;
  await client.addGroup(1);
  await zookeeper.stop();
  await eventually('the dashboard has seen it', async () => {
    const health = await fetch(`http://${cluster.dashboard.addr}/healthz`);
    return health.status === 503;
  });
  await expect(client.addGroup(2)).rejects.toMatchObject({
    message: 'the coordinator cannot be reached now, nothing was changed',
    status: 503,
  });
  await expect(client.listGroups()).rejects.toMatchObject({ status: 503 });
  await zookeeper.restart();
  await eventually('it leads again', async () => {
    return (await client.health()).coordinator === 'connected';
  });
  await eventually('changes are made again', async () => {
    await client.addGroup(2);
    return true;
  });
  expect((await client.listGroups()).map((group) => group.id)).toEqual([1, 2]);
});
