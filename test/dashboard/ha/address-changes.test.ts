import { afterEach, expect, it } from 'vitest';
import { replicasOf } from '../../../dashboard/ha/address-changes.js';
import { fetchState } from '../../../dashboard/service/redis-info.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { TcpLink } from '../../support/tcp-link.js';
import { command, HaCluster, REDIS_ARGS } from './ha-cluster.js';

const OLD_HOST = '127.0.0.2';

let ha: HaCluster;
let replica: RedisServer;
let link: TcpLink;

afterEach(async () => {
  link.close();
  await ha.stop();
  await replica.stop();
});

/** A replica that is on record by an address which it loses then; it goes on at another one. */
async function replicaThatMoves(rule: 'ask' | 'update'): Promise<{ before: string }> {
  ha = await HaCluster.start({ replicas: 0, proxies: 1, config: { ha_address_change: rule } });
  replica = await startRedis([...REDIS_ARGS, '--replica-announce-ip', OLD_HOST]);
  link = await TcpLink.at(OLD_HOST, replica.port);
  const before = `${OLD_HOST}:${replica.port}`;
  await ha.client.addServer(1, before, 'slave');
  await eventually('the replica is in touch', async () => {
    const [group] = (await ha.client.haStatus()).groups;
    return group?.replicas[0]?.refusal === '';
  });
  link.close();
  await command(replica, 'CONFIG', 'SET', 'replica-announce-ip', '127.0.0.1');
  await command(replica, 'CLIENT', 'KILL', 'TYPE', 'master');
  return { before };
}

async function eventOf(kind: string) {
  return eventually('it is in the journal', async () => {
    const { events } = await ha.client.haStatus();
    return events.find(({ event }) => event === kind) ?? null;
  });
}

it('a replica at another address is on record there, if the rule says so', async () => {
  const { before } = await replicaThatMoves('update');
  const { words } = await eventOf('address_changed');
  expect(words).toBe(`the replica ${before} is at ${replica.addr} now, and on record there`);
  const [master] = ha.servers;
  expect(await ha.types()).toEqual({ [master!.addr]: 'master', [replica.addr]: 'slave' });
  await eventually('it might become the master', async () => {
    const [group] = (await ha.client.haStatus()).groups;
    return group?.replicas[0]?.addr === replica.addr && group.replicas[0].refusal === '';
  });
});

it('both addresses are told if not, and what is proposed works; another process is not it', async () => {
  const { before } = await replicaThatMoves('ask');
  const { words } = await eventOf('address_seen');
  expect(words).toContain(`the replica ${before} is at ${replica.addr} now: codis-config server`);
  expect(await ha.types()).toMatchObject({ [before]: 'slave' });
  await ha.client.addServer(1, replica.addr, 'slave');
  await ha.client.removeServer(1, before);

  // Started anew at another address yet: nobody can tell.
  await replica.stop();
  const [master] = ha.servers;
  const other = await startRedis([...REDIS_ARGS, '--replicaof', '127.0.0.1', String(master!.port)]);
  await eventually('the master names it', async () =>
    replicasOf(await fetchState(master!.addr, '')).includes(other.addr),
  );
  await eventually('the dashboard misses the other', async () => {
    const [group] = (await ha.client.haStatus()).groups;
    return group?.replicas[0]?.refusal !== '';
  });
  const { events } = await ha.client.haStatus();
  expect(events.filter(({ event }) => event.startsWith('address'))).toHaveLength(1);
  expect(await ha.types()).toMatchObject({ [replica.addr]: 'slave' });
  await other.stop();
});
