import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { masterOf } from '../../cluster/model/group.js';
import { slotOf } from '../../cluster/slot-hash.js';
import { withRedis } from '../../dashboard/service/redis-connection.js';
import { fetchState } from '../../dashboard/service/redis-info.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestCluster } from './test-cluster.js';

let cluster: TestCluster;
let nextGroup = 1;

beforeAll(async () => {
  cluster = await TestCluster.start();
  await cluster.client.initSlots();
});
afterAll(() => cluster.stop());

/** A new group with a master of its own. */
async function newGroup() {
  const groupId = nextGroup++;
  return { groupId, master: await cluster.group(groupId) };
}

function command(addr: string, ...args: string[]) {
  return withRedis(addr, '', (redis) => redis.command(...args));
}

/** The records of all groups, to see that nothing was written. */
async function records(): Promise<string> {
  return JSON.stringify([await cluster.client.listGroups(), await cluster.actions()]);
}

async function refused(
  change: () => Promise<void>,
  message: RegExp,
  status: number,
): Promise<void> {
  const before = await records();
  const failure = await change().then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ message: expect.stringMatching(message), status });
  expect(await records()).toBe(before);
}

describe('groups', () => {
  it('are added, listed and removed with their servers', async () => {
    const { groupId, master } = await newGroup();
    const servers = [{ type: 'master', group_id: groupId, addr: master.addr }];
    const group = { id: groupId, product_name: 'test', servers };
    expect(await cluster.client.getGroup(groupId)).toEqual(group);
    await cluster.client.removeGroup(groupId);
    await expect(cluster.client.getGroup(groupId)).rejects.toMatchObject({ status: 404 });
    const last = (await cluster.actions()).at(-1)!;
    expect(last.data).toMatch(/^\{"type":"group_remove","desc":"","target":\{"id":/);
    expect(JSON.parse(last.data)).toMatchObject({ target: group, receivers: null });
  });

  it('are refused a second time, and when they do not exist', async () => {
    const { groupId } = await newGroup();
    await refused(() => cluster.client.addGroup(groupId), /^group already exists$/, 409);
    await refused(() => cluster.client.removeGroup(999), /^group 999 is not found$/, 404);
    await refused(
      () => cluster.client.addServer(999, '127.0.0.1:1', 'master'),
      /999 is not found/,
      404,
    );
    await refused(() => cluster.client.removeServer(999, '127.0.0.1:1'), /999 is not found/, 404);
    await refused(() => cluster.client.promote(999, '127.0.0.1:1'), /999 is not found/, 404);
  });

  it('stay, and keep their master, while they have slots', async () => {
    const { groupId, master } = await newGroup();
    const slots = { from: 7, to: 7, new_group: groupId };
    await cluster.client.setSlots({ ...slots, status: 'online' });
    await refused(() => cluster.client.removeGroup(groupId), /still has slot 7$/, 409);
    await refused(
      () => cluster.client.removeServer(groupId, master.addr),
      /must stay: group \d+ still has slot 7/,
      409,
    );
    await cluster.client.setSlots({ ...slots, new_group: -1, status: 'offline' });
    await cluster.client.removeServer(groupId, master.addr);
    expect((await cluster.client.getGroup(groupId)).servers).toBeNull();
    await cluster.client.removeGroup(groupId);
  });
});

describe('adding a master', () => {
  it.each([
    ['nothing', /"nothing" is not an address/],
    [':6379', /":6379" is not an address/],
    ['a/b:6379', /"a\/b:6379" is not an address/],
    ['127.0.0.1:0', /is not an address/],
    ['127.0.0.1:99999', /is not an address/],
  ])('refuses the address %s', async (addr, message) => {
    const { groupId } = await newGroup();
    await refused(() => cluster.client.addServer(groupId, addr, 'master'), message, 400);
  });

  it('refuses a role that is none', async () => {
    const { groupId } = await newGroup();
    await refused(
      () => cluster.client.addServer(groupId, '127.0.0.1:1', 'offline'),
      /as master or sl/,
      400,
    );
  });

  it('refuses an address where nothing listens', async () => {
    const groupId = nextGroup++;
    await cluster.client.addGroup(groupId);
    const addr = `127.0.0.1:${await freePort()}`;
    const message = new RegExp(`^the server ${addr} cannot be reached: it refuses connections$`);
    await refused(() => cluster.client.addServer(groupId, addr, 'master'), message, 502);
  });

  it('refuses a second master, and the same one again', async () => {
    const { groupId, master } = await newGroup();
    const second = await cluster.redis();
    await refused(
      () => cluster.client.addServer(groupId, second.addr, 'master'),
      new RegExp(`has a master already: ${master.addr}`),
      409,
    );
    const again = () => cluster.client.addServer(groupId, master.addr, 'master');
    await refused(again, /is the master of group \d+ already/, 409);
  });

  it('refuses a server of another group, also under another name', async () => {
    const first = await newGroup();
    const groupId = nextGroup++;
    await cluster.client.addGroup(groupId);
    await refused(
      () => cluster.client.addServer(groupId, first.master.addr, 'master'),
      new RegExp(`is in group ${first.groupId} already$`),
      409,
    );
    await refused(
      () => cluster.client.addServer(groupId, `localhost:${first.master.port}`, 'master'),
      new RegExp(`is in group ${first.groupId} already, as ${first.master.addr}`),
      409,
    );
  });

  it('refuses a replica of somebody else', async () => {
    const { master } = await newGroup();
    const replica = await cluster.redis(['--replicaof', '127.0.0.1', String(master.port)]);
    const groupId = nextGroup++;
    await cluster.client.addGroup(groupId);
    await refused(
      () => cluster.client.addServer(groupId, replica.addr, 'master'),
      new RegExp(`is a replica of ${master.addr}`),
      409,
    );
  });

  it('refuses keys of slots that another group owns, and takes others', async () => {
    const owner = await newGroup();
    const slotId = slotOf('stale');
    const slots = { from: slotId, to: slotId, new_group: owner.groupId, status: 'online' };
    await cluster.client.setSlots(slots);
    const server = await cluster.redis();
    await command(server.addr, 'SET', 'stale', '1');
    const groupId = nextGroup++;
    await cluster.client.addGroup(groupId);
    const message = new RegExp(`not empty: it holds "stale" of slot ${slotId}, which group`);
    await refused(() => cluster.client.addServer(groupId, server.addr, 'master'), message, 409);
    await cluster.client.setSlots({ ...slots, new_group: -1, status: 'offline' });
    await cluster.client.addServer(groupId, server.addr, 'master');
    expect(masterOf(await cluster.client.getGroup(groupId))).toBe(server.addr);
    expect(await command(server.addr, 'GET', 'stale')).toBe('1');
  });
});

describe('adding a slave', () => {
  it('makes it a replica of the master, and adding it again does no harm', async () => {
    const { groupId, master } = await newGroup();
    await command(master.addr, 'SET', 'key', 'value');
    const slave = await cluster.redis();
    await cluster.client.addServer(groupId, slave.addr, 'slave');
    await eventually('the replica has the key', async () => {
      return (await command(slave.addr, 'GET', 'key')) === 'value';
    });
    expect((await fetchState(slave.addr, '')).masterAddr).toBe(master.addr);
    await cluster.client.addServer(groupId, slave.addr, 'slave');
    const group = await cluster.client.getGroup(groupId);
    expect(group.servers).toHaveLength(2);
    expect(group.servers).toContainEqual({ type: 'slave', group_id: groupId, addr: slave.addr });
    await cluster.client.removeServer(groupId, slave.addr);
    expect((await cluster.client.getGroup(groupId)).servers).toHaveLength(1);
  });

  it('takes a replica of the master as it is', async () => {
    const { groupId, master } = await newGroup();
    const slave = await cluster.redis(['--replicaof', 'localhost', String(master.port)]);
    await eventually('it is in touch with its master', async () => {
      return (await fetchState(slave.addr, '')).fields.master_link_status === 'up';
    });
    await cluster.client.addServer(groupId, slave.addr, 'slave');
    // By the name that it was given: nobody has sent it SLAVEOF.
    expect((await fetchState(slave.addr, '')).masterAddr).toBe(`localhost:${master.port}`);
  });

  it('refuses a group without a master', async () => {
    const groupId = nextGroup++;
    await cluster.client.addGroup(groupId);
    const server = await cluster.redis();
    const adding = () => cluster.client.addServer(groupId, server.addr, 'slave');
    await refused(adding, /has no master to replicate/, 409);
  });

  it('refuses the master itself', async () => {
    const { groupId, master } = await newGroup();
    const adding = () => cluster.client.addServer(groupId, master.addr, 'slave');
    await refused(adding, /is the master of group \d+, not a slave/, 409);
  });

  it('refuses a server with keys, or of another master, and leaves it as it is', async () => {
    const { groupId } = await newGroup();
    const full = await cluster.redis();
    await command(full.addr, 'SET', 'precious', '1');
    const adding = () => cluster.client.addServer(groupId, full.addr, 'slave');
    await refused(adding, /is not empty: its 1 keys would be lost/, 409);
    expect(await command(full.addr, 'GET', 'precious')).toBe('1');

    const stranger = await cluster.redis();
    const replica = await cluster.redis(['--replicaof', '127.0.0.1', String(stranger.port)]);
    await refused(
      () => cluster.client.addServer(groupId, replica.addr, 'slave'),
      new RegExp(`is a replica of ${stranger.addr}, not of`),
      409,
    );
    expect((await fetchState(replica.addr, '')).masterAddr).toBe(stranger.addr);
  });

  it('refuses the master of its master', async () => {
    const { groupId, master } = await newGroup();
    const upstream = await cluster.redis();
    await command(master.addr, 'REPLICAOF', '127.0.0.1', String(upstream.port));
    const adding = () => cluster.client.addServer(groupId, upstream.addr, 'slave');
    await refused(adding, /is itself a replica of/, 409);
  });

  it('refuses while the master cannot be reached', async () => {
    const { groupId, master } = await newGroup();
    const slave = await cluster.redis();
    await master.stop();
    const adding = () => cluster.client.addServer(groupId, slave.addr, 'slave');
    await refused(adding, new RegExp(`the server ${master.addr} cannot be reached`), 502);
  });

  it('refuses to remove what is not there', async () => {
    const { groupId } = await newGroup();
    const removing = () => cluster.client.removeServer(groupId, '127.0.0.1:1');
    await refused(removing, /has no server 127\.0\.0\.1:1/, 404);
  });
});

describe('with a password', () => {
  it('gives it to the servers, and says whose is wrong', async () => {
    const secured = await TestCluster.start({ password: 'secret' });
    try {
      const args = ['--requirepass', 'secret'];
      const master = await secured.redis(args);
      const slave = await secured.redis(args);
      const other = await secured.redis(['--requirepass', 'other']);
      const open = await secured.redis();
      await secured.client.addGroup(1);
      await secured.client.addServer(1, master.addr, 'master');
      await secured.client.addServer(1, slave.addr, 'slave');
      await eventually('the replica has given the password to its master', async () => {
        return (await fetchState(slave.addr, 'secret')).fields.master_link_status === 'up';
      });
      await expect(secured.client.addServer(1, other.addr, 'slave')).rejects.toMatchObject({
        message: expect.stringContaining('does not accept the password'),
        status: 422,
      });
      await secured.client.addGroup(2);
      await secured.client.addServer(2, open.addr, 'master');
      expect((await secured.client.overview()).redis_infos).toHaveLength(2);
    } finally {
      await secured.stop();
    }
    const bare = await cluster.redis(['--requirepass', 'secret']);
    const { groupId } = await newGroup();
    const adding = () => cluster.client.addServer(groupId, bare.addr, 'slave');
    await refused(adding, /does not accept the password: NOAUTH/, 422);
  });
});
