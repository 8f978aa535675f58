import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withRedis } from '../../dashboard/service/redis-connection.js';
import { fetchState } from '../../dashboard/service/redis-info.js';
import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis-server.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
let master: RedisServer;
let first: RedisServer;
let second: RedisServer;

beforeEach(async () => {
  cluster = await TestCluster.start({ action_timeout: '5000' });
  master = await cluster.allSlotsToGroup(1);
  first = await addSlave();
  second = await addSlave();
  await command(master, 'SET', 'key', 'value');
  for (const replica of [first, second]) await has(replica, 'key', 'value');
});
afterEach(() => cluster.stop());

async function addSlave(): Promise<RedisServer> {
  const slave = await cluster.redis();
  await cluster.client.addServer(1, slave.addr, 'slave');
  return slave;
}

function command(server: RedisServer, ...args: string[]) {
  return withRedis(server.addr, '', (redis) => redis.command(...args));
}

function has(server: RedisServer, key: string, value: string) {
  return eventually(`${server.addr} has ${key}`, async () => {
    return (await command(server, 'GET', key)) === value;
  });
}

async function types(): Promise<Record<string, string>> {
  const group = await cluster.client.getGroup(1);
  return Object.fromEntries(group.servers!.map((server) => [server.addr, server.type]));
}

describe('promote', () => {
  it('makes the chosen replica the master, the others follow it, proxies confirm', async () => {
    const proxy = await cluster.proxy('proxy_1');
    await cluster.client.promote(1, first.addr);
    expect(await types()).toEqual({
      [master.addr]: 'offline',
      [first.addr]: 'master',
      [second.addr]: 'slave',
    });
    const action = (await cluster.actions()).at(-1)!;
    expect(JSON.parse(action.data)).toMatchObject({
      type: 'group_changed',
      target: await cluster.client.getGroup(1),
    });
    expect(await cluster.store.loadResponses(action.seq)).toEqual([proxy.record]);

    await command(first, 'SET', 'later', '1');
    await has(second, 'later', '1');
    expect((await fetchState(second.addr, '')).masterAddr).toBe(first.addr);
    // A proxy that has not heard yet must not have a write acknowledged by the old master.
    await expect(command(master, 'SET', 'lost', '1')).rejects.toThrow('READONLY');
    await has(master, 'later', '1');
  });

  it('takes the old master back as a slave', async () => {
    await cluster.client.promote(1, first.addr);
    await cluster.client.addServer(1, master.addr, 'slave');
    expect((await types())[master.addr]).toBe('slave');
    await cluster.client.promote(1, master.addr);
    expect(await types()).toEqual({
      [master.addr]: 'master',
      [first.addr]: 'offline',
      [second.addr]: 'slave',
    });
    await command(master, 'SET', 'again', '1');
    await has(second, 'again', '1');
  });

  it('loses no acknowledged write of a busy master', async () => {
    let stop = false;
    let acknowledged = 0;
    const writing = withRedis(master.addr, '', async (redis) => {
      while (!stop) {
        await redis.command('SET', `busy:${acknowledged}`, 'x'.repeat(1000));
        acknowledged++;
      }
    }).catch((error: unknown) => error);
    await eventually('it is busy', () => acknowledged > 200);
    await cluster.client.promote(1, first.addr);
    stop = true;
    expect(String(await writing)).toContain('READONLY');
    for (let n = 0; n < acknowledged; n++) {
      expect(await command(first, 'EXISTS', `busy:${n}`)).toBe(1);
    }
  });

  it('works when the old master is dead, and the dead one comes back as a slave', async () => {
    await cluster.proxy('proxy_1');
    await master.stop();
    await cluster.client.promote(1, second.addr);
    expect(await types()).toMatchObject({ [master.addr]: 'offline', [second.addr]: 'master' });
    await command(second, 'SET', 'later', '1');
    await has(first, 'later', '1');
    await expect(cluster.client.addServer(1, master.addr, 'slave')).rejects.toThrow('cannot be');
    expect((await types())[master.addr]).toBe('offline');
  });

  it('works when the old master hangs', async () => {
    master.process.kill('SIGSTOP');
    await cluster.client.promote(1, first.addr);
    master.process.kill('SIGCONT');
    expect((await types())[first.addr]).toBe('master');
    expect((await fetchState(first.addr, '')).role).toBe('master');
  });

  it('goes on when another replica is dead', async () => {
    await second.stop();
    await cluster.client.promote(1, first.addr);
    expect((await types())[first.addr]).toBe('master');
  });

  it('may be repeated after it was cut off behind the switch of the servers', async () => {
    await withRedis(first.addr, '', (redis) => redis.command('SLAVEOF', 'NO', 'ONE'));
    await cluster.client.promote(1, first.addr);
    expect((await types())[first.addr]).toBe('master');
    expect((await fetchState(master.addr, '')).masterAddr).toBe(first.addr);
  });

  it('stands when a proxy is silent, which the operator is told', async () => {
    const silent = await cluster.proxy('silent', { answers: 'never' });
    await expect(cluster.client.promote(1, first.addr)).rejects.toMatchObject({
      message:
        `proxy silent (${silent.record.addr}) did not acknowledge within 5 s: ` +
        `promotion of ${first.addr} in group 1 stands all the same`,
      status: 504,
    });
    expect((await types())[first.addr]).toBe('master');
  });
});

describe('promote refuses, and changes nothing on records or servers,', () => {
  async function refused(addr: string, message: RegExp, status: number): Promise<void> {
    const look = async () => {
      const states = await Promise.all(
        [master, first, second].map(async ({ addr: of }) => (await fetchState(of, '')).masterAddr),
      );
      return [await cluster.client.getGroup(1), await cluster.actions(), states];
    };
    const before = await look();
    await expect(cluster.client.promote(1, addr)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      status,
    });
    expect(await look()).toEqual(before);
    expect(await command(master, 'SET', 'writes', 'go on')).toBe('OK');
  }

  it('the master, and a server of no group', async () => {
    await refused(master.addr, /is the master of group 1 already/, 409);
    await refused('127.0.0.1:1', /group 1 has no server 127/, 404);
  });

  it('while a proxy may still serve that cannot be asked', async () => {
    const cutOff = await cluster.proxy('cut-off');
    await cutOff.loseCoordinator();
    await refused(first.addr, /may still serve clients/, 409);
  });

  it('a replica of somebody else, and a master by itself', async () => {
    const stranger = await cluster.redis();
    await command(first, 'REPLICAOF', '127.0.0.1', String(stranger.port));
    await refused(first.addr, /is a replica of \S+, not a replica of the group's master/, 409);
    const fresh = await cluster.redis();
    const record = { type: 'slave', group_id: 1, addr: fresh.addr };
    await cluster.coordinator.create(
      cluster.store.paths.server(1, fresh.addr),
      JSON.stringify(record),
    );
    await refused(fresh.addr, /is a master by itself, not a replica/, 409);
  });

  it('a server that is offline, or cannot be reached', async () => {
    const path = cluster.store.paths.server(1, second.addr);
    const record = { type: 'offline', group_id: 1, addr: second.addr };
    await cluster.coordinator.set(path, JSON.stringify(record));
    await refused(second.addr, /is offline: it may lack what was written since/, 409);
    await first.stop();
    await expect(cluster.client.promote(1, first.addr)).rejects.toMatchObject({ status: 502 });
    expect((await types())[master.addr]).toBe('master');
  });

  it('an empty server that never got the keys of a dead master', async () => {
    const fresh = await cluster.redis();
    await command(fresh, 'REPLICAOF', '127.0.0.1', '1');
    await cluster.coordinator.create(
      cluster.store.paths.server(1, fresh.addr),
      JSON.stringify({ type: 'slave', group_id: 1, addr: fresh.addr }),
    );
    await master.stop();
    await expect(cluster.client.promote(1, fresh.addr)).rejects.toMatchObject({
      message: expect.stringContaining('has not got the keys'),
      status: 409,
    });
  });
});
