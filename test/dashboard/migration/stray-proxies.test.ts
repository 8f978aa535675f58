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
  const strays = await new StrayProxies(cluster.store, '', silentLog()).reach(new Set([1]));
  await strays.end();
  strays.close();
  await Promise.all([formerLife.closed, gone.closed]);
  for (const client of [living, application, nameless]) {
    expect(await client.text('PING')).toBe('+PONG\r\n');
    client.close();
  }
});

it('connects anew where the connection made before is lost', async () => {
  const master = await cluster.group(1);
  const strays = await new StrayProxies(cluster.store, '', silentLog()).reach(new Set([1]));
  const gone = await RespClient.connect(master.port);
  await gone.call('CLIENT', 'SETNAME', connectionName('proxy_2', 1));
  const client = await RespClient.connect(master.port);
  const list = await client.text('CLIENT', 'LIST');
  const ours = /id=(\d+) [^\n]* name= [^\n]*cmd=(?!client)/.exec(list)?.[1] ?? '';
  expect(await client.text('CLIENT', 'KILL', 'ID', ours)).toBe(':1\r\n');
  await strays.end();
  await gone.closed;
  strays.close();
  client.close();
});
