import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../../base/log.js';
import { connectionName } from '../../../cluster/model/proxy.js';
import { StrayProxies } from '../../../dashboard/migration/stray-proxies.js';
import { RespClient } from '../../support/resp-client.js';
import { TestCluster } from '../test-cluster.js';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.stop());

it('ends what a proxy that is gone has left at a server, and nothing else', async () => {
  const master = await cluster.group(1);
  const { record } = await cluster.proxy('proxy_1');
  const connect = async (name: string) => {
    const client = await RespClient.connect(master.port);
    if (name !== '') await client.call('CLIENT', 'SETNAME', name);
    return client;
  };
  const living = await connect(connectionName(record.id, record.pid));
  const formerLife = await connect(connectionName(record.id, record.pid + 1));
  const gone = await connect(connectionName('proxy_2', 1));
  const application = await connect('codis');
  const nameless = await connect('');
  await new StrayProxies(cluster.store, '', silentLog()).endAt([1]);
  await Promise.all([formerLife.closed, gone.closed]);
  for (const client of [living, application, nameless]) {
    expect(await client.text('PING')).toBe('+PONG\r\n');
    client.close();
  }
});
