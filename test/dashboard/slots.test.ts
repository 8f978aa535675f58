import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initialSlot } from '../../cluster/model/slot.js';
import { slotOf } from '../../cluster/slot-hash.js';
import { withRedis } from '../../dashboard/service/redis-connection.js';
import { hasCompiler, ModuleServer, serverPrograms } from '../server-patch/module-server.js';
import { TestCluster } from './test-cluster.js';

describe('slot init', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(() => cluster.stop());

  it('makes 1,024 slots with one action', async () => {
    const { client } = cluster;
    expect(await client.listSlots()).toEqual([]);
    await expect(client.getSlot(0)).rejects.toMatchObject({
      message: 'the slots are not initialised',
      hint: 'run: codis-config slot init',
      status: 404,
    });
    await client.initSlots();
    expect(await client.listSlots()).toEqual(
      Array.from({ length: 1024 }, (_, slotId) => initialSlot('test', slotId)),
    );
    const actions = await cluster.actions();
    expect(actions).toHaveLength(1);
    expect(JSON.parse(actions[0]!.data)).toMatchObject({
      type: 'multi_slot_changed',
      target: { from: 0, to: 1023, status: 'offline', group_id: -1 },
    });
  });

  it('is refused where there are slots, unless forced; proxies stay online', async () => {
    const { client } = cluster;
    await cluster.allSlotsToGroup(1);
    const proxy = await cluster.proxy('proxy_1');
    await expect(client.initSlots()).rejects.toMatchObject({
      message: 'there are 1024 slots already',
      status: 409,
    });
    expect((await client.getSlot(5)).group_id).toBe(1);
    await client.initSlots({ force: true });
    expect((await client.listSlots()).every((slot) => slot.group_id === -1)).toBe(true);
    expect(proxy.seen).toHaveLength((await cluster.actions()).length);
    expect(await client.listProxies()).toMatchObject([{ id: 'proxy_1', state: 'online' }]);
  });

  it('makes good what an interrupted init of an original Codis has left', async () => {
    const { coordinator, store, client } = cluster;
    await coordinator.create(store.paths.slot(0), JSON.stringify(initialSlot('test', 0)));
    await expect(
      client.setSlots({ from: 0, to: 1, new_group: -1, status: 'offline' }),
    ).rejects.toThrow('not initialised');
    await expect(client.initSlots()).rejects.toThrow('there are 1 slots already');
    await client.initSlots({ force: true });
    expect(await client.listSlots()).toHaveLength(1024);
  });

  it('is refused while a slot moves, even if forced', async () => {
    const { coordinator, store, client } = cluster;
    await client.initSlots();
    const moving = initialSlot('test', 9);
    moving.state.status = 'migrate';
    await coordinator.set(store.paths.slot(9), JSON.stringify(moving));
    await expect(client.initSlots({ force: true })).rejects.toMatchObject({
      message: 'slot 9 is being moved (migrate)',
      status: 409,
    });
  });
});

describe('slot set', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start();
    await cluster.group(1);
    await cluster.client.initSlots();
    await cluster.client.addGroup(2);
  });
  afterAll(() => cluster.stop());

  const online = { new_group: 1, status: 'online' };

  it('writes a range with one action, as Codis words it', async () => {
    const before = await cluster.actions();
    await cluster.client.setSlots({ from: 0, to: 511, ...online });
    const actions = await cluster.actions();
    expect(actions).toHaveLength(before.length + 1);
    expect(actions.at(-1)!.data.replace(/"ts":"\d{10}"/, '"ts":"1795150935"')).toBe(
      '{"type":"multi_slot_changed","desc":"","target":{"from":0,"to":511,"status":"online",' +
        '"group_id":1},"ts":"1795150935","receivers":null}',
    );
    const node = await cluster.coordinator.get(cluster.store.paths.slot(511));
    expect(node?.data).toBe(
      '{"product_name":"test","id":511,"group_id":1,"state":{"status":"online",' +
        '"migrate_status":{"from":-1,"to":-1},"last_op_ts":"0"}}',
    );
    expect((await cluster.client.getSlot(512)).group_id).toBe(-1);
  });

  it('writes a range in one step: nobody sees a half of it', async () => {
    const { coordinator, store, client } = cluster;
    const seen = new Set<string>();
    const look = async () => {
      const nodes = await coordinator.getAll([store.paths.slot(512), store.paths.slot(1023)]);
      seen.add(nodes.map((node) => JSON.parse(node!.data).group_id).join());
    };
    const watches = await Promise.all(
      [512, 700, 1023].map((slotId) =>
        coordinator.watchNode(store.paths.slot(slotId), () => void look()),
      ),
    );
    for (const new_group of [1, -1, 1]) {
      await client.setSlots({ from: 512, to: 1023, new_group, status: 'offline' });
      await look();
    }
    for (const watch of watches) watch.close();
    expect([...seen].toSorted()).toEqual(['-1,-1', '1,1']);
  });

  it.each([
    [{ from: -1, to: 1, ...online }, /^there is no slot -1$/, 400],
    [{ from: 0, to: 1024, ...online }, /^there is no slot 1024$/, 400],
    [{ from: 2, to: 1, ...online }, /from is greater than to/, 400],
    [{ from: 0, to: 1, new_group: 1, status: 'migrate' }, /cannot be set to "migrate"/, 400],
    [{ from: 0, to: 1, new_group: 99, status: 'online' }, /^group 99 is not found$/, 404],
    [{ from: 0, to: 1, new_group: -1, status: 'online' }, /^group -1 is not found$/, 404],
    [{ from: 0, to: 1, new_group: 2, status: 'online' }, /^group 2 has no master/, 409],
  ])('refuses %j', async (body, message, status) => {
    const before = JSON.stringify([await cluster.client.listSlots(), await cluster.actions()]);
    await expect(cluster.client.setSlots(body)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      status,
    });
    expect(JSON.stringify([await cluster.client.listSlots(), await cluster.actions()])).toBe(
      before,
    );
  });

  it.each(['pre_migrate', 'migrate'] as const)('refuses a slot in %s', async (status) => {
    const { coordinator, store, client } = cluster;
    const moving = initialSlot('test', 700);
    moving.state.status = status;
    await coordinator.set(store.paths.slot(700), JSON.stringify(moving));
    await expect(client.setSlots({ from: 690, to: 710, ...online })).rejects.toMatchObject({
      message: `slot 700 is being moved (${status})`,
      status: 409,
    });
  });
});

describe('slots whose group holds keys of them', () => {
  let cluster: TestCluster;
  let addr: string;
  const key = 'a';
  const toGroup2 = { from: 500, to: 600, new_group: 2, status: 'online' };
  beforeEach(async () => {
    cluster = await TestCluster.start();
    ({ addr } = await cluster.allSlotsToGroup(1));
    await cluster.group(2);
  });
  afterEach(() => cluster.stop());

  const ask = (...command: string[]) => withRedis(addr, '', (redis) => redis.command(...command));
  const slotOfKeyIs = async (slotId: number, groupId: number) =>
    expect((await cluster.client.getSlot(slotId)).group_id).toBe(groupId);

  it('stay there, unless forced', async () => {
    const { client } = cluster;
    const slot = slotOf(Buffer.from(key));
    const only = { ...toGroup2, from: slot, to: slot };
    await ask('SET', key, 'value');
    await expect(client.setSlots(only)).rejects.toMatchObject({
      message:
        `slot ${slot} is not empty: the master ${addr} of group 1 holds "a" of it, ` +
        'which would not be found any more',
      hint: `to move them: codis-config slot migrate ${slot} ${slot} 2; to leave them behind: --force`,
      status: 409,
    });
    const none = { from: 0, to: 1023, new_group: -1, status: 'offline' };
    await expect(client.setSlots(none)).rejects.toThrow('is not empty');
    await slotOfKeyIs(slot, 1);
    // The others go, and what stays in its group may change its state.
    await client.setSlots({ ...only, from: 0, to: slot - 1 });
    await client.setSlots({ ...only, new_group: 1, status: 'offline' });
    await client.setSlots({ ...only, force: true });
    await slotOfKeyIs(slot, 2);
  });

  it('are seen in every database', async () => {
    await withRedis(addr, '', async (redis) => {
      await redis.command('SELECT', '3');
      await redis.command('SET', key, 'value');
    });
    const all = { ...toGroup2, from: 0, to: 1023 };
    await expect(cluster.client.setSlots(all)).rejects.toThrow('holds "a" of it');
  });

  it('go if nobody answers who could tell', async () => {
    await ask('SET', key, 'value');
    await ask('SHUTDOWN', 'NOSAVE').catch(() => undefined);
    await cluster.client.setSlots({ ...toGroup2, from: 0, to: 1023 });
    await slotOfKeyIs(0, 2);
  });

  it.runIf(hasCompiler())('are counted by the slots module where it is loaded', async () => {
    const [program] = serverPrograms();
    const server = await ModuleServer.start(program!);
    try {
      const { client } = cluster;
      await client.addGroup(3);
      await client.addServer(3, `127.0.0.1:${server.port}`, 'master');
      await client.setSlots({ from: 0, to: 1023, new_group: 3, status: 'online' });
      const slot = slotOf(Buffer.from('{tag}'));
      await server.redis.select(2);
      await server.redis.mset('{tag}1', 'x', '{tag}2', 'x');
      await expect(client.setSlots({ ...toGroup2, from: 0, to: 1023 })).rejects.toThrow(
        `slot ${slot} is not empty: the master 127.0.0.1:${server.port} of group 3 holds 2 keys of it`,
      );
      await client.setSlots({ ...toGroup2, from: 0, to: slot - 1 });
    } finally {
      await server.stop();
    }
  });
});
