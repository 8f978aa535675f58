import { afterEach, describe, expect, it } from 'vitest';
import { initialSlot } from '../../../cluster/model/slot.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import type { TestCluster } from '../test-cluster.js';
import {
  contentOf,
  fill,
  jobEnds,
  jobIs,
  keyCount,
  keysOf,
  slotsOn,
  twoGroups,
} from './support.js';

let cluster: TestCluster;
let first: RedisServer;
let second: RedisServer;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await cluster.stop();
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  ({ cluster, first, second } = await twoGroups({ action_timeout: '1500', ...settings }));
}

/** The last of the slots that are moved slowly. */
const LAST = 63;

const to2 = (from: number, to: number) => ({ from, to, new_group: 2, delay: 0 });

function slowly(from: number, to: number, perSecond = 200) {
  return {
    what: 'slowly',
    moves: [{ from_group: 1, to_group: 2, slots: [[from, to] as [number, number]] }],
    options: { max_keys_per_second: perSecond },
  };
}

async function groupsOf(...slotIds: number[]): Promise<number[]> {
  const slots = await cluster.store.loadSlotsOf(slotIds);
  expect(slots.map(({ state }) => state.status)).toEqual(slots.map(() => 'online'));
  return slots.map((slot) => slot.group_id);
}

describe('a silent proxy', () => {
  it('takes the slots back; the task keeps the error until the operator has a word', async () => {
    await start();
    await cluster.proxy('good');
    const silent = await cluster.proxy('silent', { answers: 'never' });
    await fill(first, keysOf(9, 50));
    await cluster.client.migrate(to2(0, 9));
    const job = await jobEnds(cluster);
    expect(job.state).toBe('failed');
    expect(job.message).toMatch(/^slot 0: proxy silent \(\S+\) did not acknowledge within 1.5 s/);
    expect(job.message).toContain('was taken back');
    expect(await groupsOf(0, 9)).toEqual([1, 1]);
    expect(await keyCount(first)).toBe(50);
    const tasks = await cluster.client.migrateTasks();
    expect(tasks).toHaveLength(10);
    expect(tasks[9]).toMatchObject({ slot_id: 9, new_group: 2, status: 'error' });
    expect(tasks[9]!.error).toContain('did not acknowledge');

    await silent.leave();
    await cluster.client.controlJob(job.id, { action: 'resume' });
    await jobIs(cluster, 'done', ({ state }) => state === 'done');
    expect(await groupsOf(0, 9)).toEqual([2, 2]);
    expect(await keyCount(second)).toBe(50);
  });

  it('does not stop slots that are half moved by then', async () => {
    await start();
    await fill(first, keysOf(3, 400));
    const proxy = await cluster.proxy('proxy_1');
    await cluster.client.startMoves(slowly(0, 3));
    await jobIs(cluster, 'half way', (job) => job.keys_moved >= 20);
    // It holds the slots by the new table: it can do no harm, and is not waited for for ever.
    await proxy.leave();
    await cluster.proxy('silent', { answers: 'never' });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await groupsOf(0, 3)).toEqual([2, 2]);
    expect(await keyCount(second)).toBe(400);
  });

  it('that cannot be asked stops a move before anything is written, until it is gone', async () => {
    await start();
    const cutOff = await cluster.proxy('cut-off');
    await cutOff.loseCoordinator();
    const before = await cluster.actions();
    await cluster.client.migrate(to2(5, 5));
    const job = await jobIs(cluster, 'refused', ({ last_error }) => last_error !== '');
    expect(job).toMatchObject({ state: 'running', slots_left: 1, slots_moving: 0 });
    expect(job.last_error).toContain('is not registered but may still serve clients');
    expect(await cluster.actions()).toEqual(before);
    await cutOff.closePorts();
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await groupsOf(5)).toEqual([2]);
  });
});

describe('a task that fails', () => {
  it('keeps its error, and is in nobody’s way', async () => {
    await start();
    await fill(first, keysOf(20, 400));
    const third = await cluster.group(3);
    await cluster.client.migrate({ from: 0, to: 5, new_group: 3, delay: 0 });
    await jobEnds(cluster);
    await cluster.client.startMoves({
      ...slowly(6, 9),
      what: 'to the dead',
      moves: [{ from_group: 1, to_group: 3, slots: [[6, 9]] }],
    });
    await jobIs(cluster, 'under way', (job) => job.keys_moved > 0);
    await third.stop();
    await jobIs(cluster, 'failing', (job) => job.last_error !== '');
    await cluster.client.migrate(to2(10, 20));
    await jobIs(cluster, 'done', (job) => job.what !== 'to the dead' && job.state === 'done');
    expect(await groupsOf(10, 20)).toEqual([2, 2]);
    const [, stuck] = await cluster.client.listJobs();
    expect(stuck).toMatchObject({ what: 'to the dead', state: 'running', slots_moving: 4 });
    expect(stuck!.last_error).toMatch(/127\.0\.0\.1:\d+/);

    await cluster.client.controlJob(stuck!.id, { action: 'cancel', direction: 'back' });
    // The way back leads through the dead server: it is waited for.
    expect((await cluster.client.getJob(stuck!.id)).state).toBe('cancelling');
    const again = await startRedis([], third.port);
    cleanups.push(() => again.stop());
    await eventually('it is back', async () => {
      return (await cluster.client.getJob(stuck!.id)).state === 'cancelled';
    });
    expect(await groupsOf(6, 7, 8, 9)).toEqual([1, 1, 1, 1]);
  });

  it.each([
    [{ from: 0, to: 1, new_group: 9, delay: 0 }, 'group 9 is not found', 404],
    [{ from: 0, to: 1, new_group: 3, delay: 0 }, 'group 3 has no master', 409],
    [{ from: 5, to: 1, new_group: 2, delay: 0 }, 'slots 5-1: from is greater than to', 400],
    [{ from: 0, to: 1024, new_group: 2, delay: 0 }, 'there is no slot 1024', 400],
    [
      { from: 1000, to: 1001, new_group: 2, delay: 0 },
      'slot 1001 is offline and cannot be moved',
      409,
    ],
    [{ from: 0, to: 30, new_group: 2, delay: 0 }, 'slot 7 is to be moved already', 409],
  ])('for %j is refused: %s', async (body, message, status) => {
    await start();
    await cluster.client.addGroup(3);
    await cluster.client.setSlots({ from: 1001, to: 1001, new_group: -1, status: 'offline' });
    await fill(first, keysOf(9, 50));
    await cluster.client.startMoves(slowly(7, 7, 1));
    const queue = () => cluster.coordinator.children(cluster.store.paths.migrateTasks);
    const before = await queue();
    await expect(cluster.client.migrate(body)).rejects.toMatchObject({ message, status });
    expect(await queue()).toEqual(before);
  });

  it('for a target without the databases of the source is refused', async () => {
    await start();
    const small = await cluster.redis(['--databases', '2']);
    await cluster.client.addGroup(3);
    await cluster.client.addServer(3, small.addr, 'master');
    await fill(first, [
      ['SELECT', 5],
      ['SET', 'a', 1],
    ]);
    await expect(
      cluster.client.migrate({ from: 0, to: 1, new_group: 3, delay: 0 }),
    ).rejects.toThrow(/has no database 5/);
  });
});

describe('the operator', () => {
  it('lets a move rest, and no key is moved until it goes on', async () => {
    await start();
    await fill(first, keysOf(LAST, 3_000));
    await cluster.client.startMoves(slowly(0, LAST, 1_000));
    const { id } = await jobIs(cluster, 'under way', (job) => job.keys_moved > 0);
    await cluster.client.controlJob(id, { action: 'pause' });
    const resting = await keyCount(second);
    expect(resting).toBeLessThan(3_000);
    const job = await cluster.client.getJob(id);
    expect(job).toMatchObject({ state: 'paused', keys_moved: resting });
    const [status] = [await cluster.client.migrateStatus()];
    expect(status.migrate_slots.length).toBe(job.slots_moving);
    expect(status.migrate_slots.every(({ state }) => state.status === 'migrate')).toBe(true);
    expect(status.migrate_task).toMatchObject({ new_group: 2, status: 'migrating' });
    expect(await keyCount(second)).toBe(resting);
    await cluster.client.controlJob(id, { action: 'resume' });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await keyCount(second)).toBe(3_000);
  });

  it.each([
    ['back', 1],
    ['forward', 2],
  ] as const)('cancels: half-moved slots go %s', async (direction, group) => {
    await start();
    await cluster.proxy('proxy_1');
    await fill(first, keysOf(LAST, 2_000));
    const content = await contentOf(first);
    await cluster.client.startMoves(slowly(0, LAST, 500));
    const { id } = await jobIs(cluster, 'under way', (job) => job.keys_moved > 100);
    await expect(cluster.client.controlJob(id, { action: 'cancel' })).rejects.toMatchObject({
      status: 409,
      hint: expect.stringContaining('--back'),
    });
    await cluster.client.controlJob(id, { action: 'cancel', direction });
    const job = await jobEnds(cluster);
    expect(job.state).toBe('cancelled');
    expect(job.message).toMatch(new RegExp(`^cancelled: half-moved slots went ${direction} `));
    const slots = (await cluster.client.listSlots()).slice(0, LAST + 1);
    expect(slots.every(({ state }) => state.status === 'online')).toBe(true);
    // Those that had not begun to move are where they were, those that had arrived stay.
    const owners = slots.map((slot) => slot.group_id);
    expect(owners).toContain(group);
    expect(owners.filter((owner) => owner !== 1 && owner !== 2)).toEqual([]);
    expect(new Map([...(await contentOf(first)), ...(await contentOf(second))])).toEqual(content);
    for (const slotId of await slotsOn(second)) expect(slots[slotId]?.group_id).toBe(2);
    await expect(
      cluster.client.controlJob(id, { action: 'cancel', direction }),
    ).rejects.toMatchObject({ status: 409 });
  });

  it('changes his mind: back, and forward after all', async () => {
    await start();
    await cluster.proxy('proxy_1');
    await fill(first, keysOf(LAST, 600));
    const content = await contentOf(first);
    await cluster.client.startMoves(slowly(0, LAST, 150));
    const { id } = await jobIs(cluster, 'under way', (job) => job.keys_moved > 0);
    await eventually('keys move', async () => (await keyCount(first)) < 550);
    await cluster.client.controlJob(id, { action: 'cancel', direction: 'back' });
    const before = await keyCount(first);
    await eventually('keys go back', async () => (await keyCount(first)) > before);
    await cluster.client.controlJob(id, { action: 'cancel', direction: 'forward' });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'cancelled' });
    const slots = await cluster.store.loadSlots(0, LAST);
    expect(slots.some((slot) => slot.group_id === 2)).toBe(true);
    expect(new Map([...(await contentOf(first)), ...(await contentOf(second))])).toEqual(content);
    for (const slotId of await slotsOn(second)) expect(slots[slotId]?.group_id).toBe(2);
  });
});

describe('large keys', () => {
  it('hold their slots, which the operator may move all the same', async () => {
    await start();
    await fill(first, keysOf(1023, 500));
    const large = Array.from({ length: 40 }, (_, index) => [`field ${index}`, 'x'.repeat(50_000)]);
    await fill(first, [['HSET', 'a', ...large.flat()]]);
    const plan = await cluster.client.planMoves({
      ...{ kind: 'move', from: 570, to: 590, new_group: 2 },
      options: { max_stall: 5, large_keys: 'hold' },
    });
    expect(plan.large_keys).toMatchObject([{ key: '"a"', slot_id: 579, group_id: 1, database: 0 }]);
    expect(plan.large_keys[0]!.stall_ms).toBeGreaterThan(5);
    const { what, moves, options } = plan;
    await cluster.client.startMoves({ what, moves, options });
    const job = await jobEnds(cluster);
    expect(job).toMatchObject({ state: 'failed', slots: 21, slots_left: 1, slots_stopped: 1 });
    expect(job.message).toMatch(/^slot 579: held: "a" of 2 MB would stall both servers for about/);
    expect(await groupsOf(578, 579, 580)).toEqual([2, 1, 2]);
    await cluster.client.controlJob(job.id, { action: 'cancel' });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'cancelled' });

    await cluster.client.startMoves({
      what: 'all the same',
      moves: [{ from_group: 1, to_group: 2, slots: [[579, 579]] }],
      options: { max_stall: 5, large_keys: 'block' },
    });
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await slotsOn(second)).toContain(579);
    expect(await slotsOn(first)).not.toContain(579);
  });
});

describe('what another dashboard has left', () => {
  it('is moved on: tasks of an original Codis, and half-moved slots without a task', async () => {
    await start();
    await fill(first, keysOf(9, 100));
    const { coordinator, store } = cluster;
    const slot = (await store.loadSlot(3))!;
    const halfMoved = {
      ...slot,
      group_id: 2,
      state: { ...slot.state, status: 'migrate', migrate_status: { from: 1, to: 2 } },
    };
    await coordinator.set(store.paths.slot(3), JSON.stringify(halfMoved));
    await cluster.client.migrate(to2(3, 3));
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    const task = { slot_id: 5, new_group: 2, delay: 0, create_at: '1795150957' };
    const orphan = JSON.stringify({ ...task, percent: 0, status: 'pending' });
    await coordinator.create(`${store.paths.migrateTasks}/`, orphan, { sequential: true });
    await jobIs(
      cluster,
      'adopted and done',
      (job) => job.id === '0000000001' && job.state === 'done',
    );
    expect(await groupsOf(3, 5)).toEqual([2, 2]);
    expect([...(await slotsOn(second))].toSorted((a, b) => a - b)).toEqual([3, 5]);
  });

  it('a gate left closed is opened again where nothing is to move', async () => {
    await start();
    await cluster.proxy('proxy_1');
    await cluster.client.startMoves(slowly(7, 8, 1));
    await fill(first, keysOf(7, 10));
    const [job] = await cluster.client.listJobs();
    await cluster.client.controlJob(job!.id, { action: 'pause' });
    const slots = await cluster.store.loadSlotsOf([7, 8]);
    expect(slots.every(({ state }) => state.status !== 'pre_migrate')).toBe(true);
    const closed = initialSlot('test', 8);
    closed.group_id = 1;
    closed.state.status = 'pre_migrate';
    const waiting = slots.filter(({ state }) => state.status === 'online');
    if (!waiting.some(({ id }) => id === 8)) return;
    await cluster.coordinator.set(cluster.store.paths.slot(8), JSON.stringify(closed));
    await eventually('it is open', async () => {
      return (await cluster.store.loadSlot(8))?.state.status === 'online';
    });
  });
});

describe('a promotion in the middle of a move', () => {
  it.each([
    ['source', 1],
    ['target', 2],
  ])('of the %s: it goes on at the new master', async (_, group) => {
    await start();
    await cluster.proxy('proxy_1');
    const replica = await cluster.redis();
    await cluster.client.addServer(group, replica.addr, 'slave');
    await fill(first, keysOf(LAST, 3_000));
    const content = await contentOf(first);
    await cluster.client.startMoves(slowly(0, LAST, 1_000));
    await jobIs(cluster, 'under way', (job) => job.keys_moved > 300);
    await cluster.client.promote(group, replica.addr);
    expect(await jobEnds(cluster)).toMatchObject({ state: 'done' });
    expect(await contentOf(group === 2 ? replica : second)).toEqual(content);
    expect(await keyCount(group === 1 ? replica : first)).toBe(0);
  });
});

it('a server that is killed and comes back with its data is no reason to stop', async () => {
  await start();
  await cluster.proxy('proxy_1');
  const client = await RespClient.connect(first.port);
  await client.text('CONFIG', 'SET', 'appendonly', 'yes');
  await client.text('CONFIG', 'SET', 'appendfsync', 'always');
  const folder = /\r\n(\/\S+)\r\n$/.exec(await client.text('CONFIG', 'GET', 'dir'))![1]!;
  client.close();
  await fill(first, keysOf(LAST, 2_000));
  const content = await contentOf(first);
  await cluster.client.startMoves(slowly(0, LAST, 500));
  await jobIs(cluster, 'under way', (job) => job.keys_moved > 200);
  await first.stop();
  await jobIs(cluster, 'failing', (job) => job.last_error !== '');
  const again = await startRedis(['--dir', folder, '--appendonly', 'yes'], first.port);
  cleanups.push(() => again.stop());
  expect(await jobEnds(cluster)).toMatchObject({ state: 'done', last_error: '' });
  expect(await contentOf(second)).toEqual(content);
  expect(await keyCount(again)).toBe(0);
});
