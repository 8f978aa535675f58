import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { slotOf } from '../../cluster/slot-hash.js';
import type { JobReply, PlanReply } from '../../dashboard/api/contract.js';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { TestProcess } from '../support/process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';
import { BIN, codisConfig, codisConfigOnTerminal, type Outcome } from './codis-config.js';

/*
 * Slots moved by the command line, in a cluster of processes: 2 -> 3 -> 2 groups, as an operator
 * walks it. The tests build on each other.
 */

const OK = '{\n  "msg": "OK",\n  "ret": 0\n}\n';
const KEYS = 3_000;

let cluster: TestCluster;
let third: RedisServer;

beforeAll(async () => {
  cluster = await TestCluster.start({ groups: 2, proxies: 2, dashboard: 'process' });
  third = await startRedis();
  await cluster.dashboard.client.addGroup(3);
  await cluster.dashboard.client.addServer(3, third.addr, 'master');
  const client = await RespClient.connect(cluster.proxy.port);
  await client.pipeline(Array.from({ length: KEYS }, (_, index) => ['SET', `key:${index}`, index]));
  client.close();
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await third?.stop();
});

const withDashboard = (line: string) => [
  `--dashboard=${cluster.dashboard.addr}`,
  ...line.split(' '),
];
const tool = (line: string): Promise<Outcome> => codisConfig(withDashboard(line));
const onTerminal = (line: string) => codisConfigOnTerminal(withDashboard(line));

async function shown<T>(line: string): Promise<T> {
  const { code, stdout, stderr } = await tool(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function keysAreMoved(): Promise<void> {
  await eventually('keys are moved', async () => {
    const [job] = await shown<JobReply[]>('slot status');
    return job?.state === 'running' && job.keys_moved > 0;
  });
}

async function slotNumbers(): Promise<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const { group_id } of await shown<SlotRecord[]>('slot info')) {
    numbers[group_id] = (numbers[group_id] ?? 0) + 1;
  }
  return numbers;
}

async function expectEveryKey(): Promise<void> {
  for (const { port } of cluster.proxies) {
    const client = await RespClient.connect(port);
    const replies = await client.pipeline(
      Array.from({ length: KEYS }, (_, index) => ['GET', `key:${index}`]),
    );
    client.close();
    const wrong = replies.filter((reply, index) => {
      const value = String(index);
      return reply.toString() !== `$${value.length}\r\n${value}\r\n`;
    });
    expect(wrong.map(String)).toEqual([]);
  }
}

test('a dry run shows the plan and moves nothing', async () => {
  const plan = await shown<PlanReply>('slot rebalance --dry-run');
  expect(plan).toMatchObject({ what: 'rebalance by slots', slots: 341, is_exact: true, notes: [] });
  expect(plan.keys).toBeGreaterThan(KEYS / 4);
  expect(plan.largest_keys[0]?.key).toMatch(/^"key:\d+"$/);
  const { stdout } = await onTerminal('slot rebalance --dry-run');
  expect(stdout).toMatch(/^FROM GROUP +TO GROUP +SLOTS +WHICH\n1 +3 +17\d +\d+-511\n2 +3 +17\d +/);
  expect(stdout).toMatch(/\n341 slots, \d+ keys of [\d.]+ [KM]B, in \d+ s or so\n/);
  expect(await slotNumbers()).toEqual({ 1: 512, 2: 512 });
});

test('a plan by keys or by memory goes by what is in the slots', async () => {
  const byKeys = await shown<PlanReply>('slot rebalance --by=keys --dry-run');
  expect(byKeys).toMatchObject({ what: 'rebalance by keys', is_exact: true });
  expect(Math.abs(byKeys.keys - KEYS / 3)).toBeLessThan(KEYS / 30);

  // More than all the rest, in one slot: its group has to do with that, and with slots without keys.
  const large = 'a large key';
  const client = await RespClient.connect(cluster.proxy.port);
  await client.call('SET', large, 'x'.repeat(4_000_000));
  const byMemory = await shown<PlanReply>('slot rebalance --by=memory --dry-run');
  await client.call('DEL', large);
  client.close();
  expect(byMemory.what).toBe('rebalance by memory');
  const owners = new Map<number, number>();
  for (const { id, group_id } of await shown<SlotRecord[]>('slot info')) owners.set(id, group_id);
  for (const { to_group, slots } of byMemory.moves) {
    for (const [first, last] of slots) {
      for (let id = first; id <= last; id++) owners.set(id, to_group);
    }
  }
  const owner = owners.get(slotOf(large));
  expect([...owners.values()].filter((group) => group === owner).length).toBeLessThan(100);
});

test('a group’s share goes by its maxmemory, where that is set', async () => {
  const setLimit = async (port: number, limit: string) => {
    const server = await RespClient.connect(port);
    await server.call('CONFIG', 'SET', 'maxmemory', limit);
    server.close();
  };
  await setLimit(third.port, '400mb');
  const [first, second] = cluster.groups;
  await setLimit(first!.port, '200mb');
  const note = 'groups without maxmemory count as the mean of the others';
  const some = await shown<PlanReply>('slot rebalance --dry-run');
  expect(some).toMatchObject({ slots: 455, notes: [note] });
  await setLimit(second!.port, '200mb');
  expect(await shown('slot rebalance --dry-run')).toMatchObject({ slots: 512, notes: [] });
  for (const port of [first!.port, second!.port, third.port]) await setLimit(port, '0');
});

test('a plan counts with the clients that use the servers', async () => {
  const client = await RespClient.connect(cluster.proxies[0]!.port);
  let isDone = false;
  const load = (async () => {
    const keys = Array.from({ length: KEYS }, (_, index) => ['GET', `key:${index}`]);
    while (!isDone) await client.pipeline(keys);
  })();
  try {
    const plan = await shown<PlanReply>('slot rebalance --dry-run');
    expect(plan.notes).toEqual([expect.stringMatching(/^clients use the servers/)]);
    expect(plan.seconds).toBeGreaterThan(plan.keys / 5_000);
  } finally {
    isDone = true;
    await load;
    client.close();
  }
});

test('on a terminal the plan is confirmed, and no means no', async () => {
  const { code, stdout } = await codisConfigOnTerminal(withDashboard('slot rebalance'), 'n\\n');
  expect(code).toBe(0);
  expect(stdout).toContain('Move them? [y/N]');
  expect(await shown('slot status')).toEqual([]);
});

test('2 -> 3: without a terminal it waits for the end', async () => {
  expect(await tool('slot rebalance')).toEqual({ code: 0, stdout: OK, stderr: '' });
  expect(Object.values(await slotNumbers()).toSorted()).toEqual([341, 341, 342]);
  const [job] = await shown<JobReply[]>('slot status');
  expect(job).toMatchObject({
    state: 'done',
    slots: 341,
    slots_left: 0,
    what: 'rebalance by slots',
  });
  await expectEveryKey();
  expect(await tool('slot rebalance')).toEqual({ code: 0, stdout: OK, stderr: '' });
});

test('a group with slots, or on its way to them, is not removed', async () => {
  const { code, stderr } = await tool('server remove-group 3');
  expect(code).toBe(1);
  expect(stderr).toMatch(/still has 34\d slots/);
  expect(stderr).toContain('codis-config slot drain-group 3');
});

test('on a terminal with --yes the end is a sentence', async () => {
  const { code, stdout } = await onTerminal('slot migrate 0 9 2 --yes');
  expect(code).toBe(0);
  expect(stdout).toMatch(/✓ slots 0-9 to group 2: done, 10 slots and \d+ keys moved\n$/);
});

let before: number | undefined;

test('--detach returns at once; pause, resume and status tell', async () => {
  before = (await slotNumbers())[3];
  expect(await tool('slot drain-group 3 --detach --max-keys-per-second=50')).toEqual({
    ...{ code: 0, stdout: OK, stderr: '' },
  });
  await keysAreMoved();
  expect((await tool('server remove-group 3')).code).toBe(1);
  expect(await tool('slot pause')).toEqual({ code: 0, stdout: OK, stderr: '' });
  const [paused] = await shown<JobReply[]>('slot status');
  expect(paused).toMatchObject({ state: 'paused', what: 'drain group 3' });
  expect(paused!.slots_moving).toBeGreaterThan(0);
  expect(await tool('slot resume')).toEqual({ code: 0, stdout: OK, stderr: '' });
  expect((await shown<JobReply[]>('slot status'))[0]?.state).toBe('running');
});

test('cancel asks where half-moved slots are to go, and brings them there', async () => {
  const refused = await tool('slot cancel');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/half moved\n.*--back, or --forward\n$/);
  expect(await tool('slot cancel --back')).toEqual({ code: 0, stdout: OK, stderr: '' });
  const [job] = await shown<JobReply[]>('slot status');
  expect(job?.state).toBe('cancelled');
  expect(job?.message).toMatch(/^cancelled: half-moved slots went back \(\d+\)$/);
  const slots = await shown<SlotRecord[]>('slot info');
  expect(slots.every(({ state }) => state.status === 'online')).toBe(true);
  // Those that had arrived before stay where they are; the rest is where it was.
  const left = (await slotNumbers())[3]!;
  expect(left).toBeLessThanOrEqual(before!);
  expect(left).toBeGreaterThan(0);
  await expectEveryKey();
  const { code, stderr } = await tool('slot cancel --back');
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'codis-config: no move is under way\n' });
});

test('Ctrl-C leaves the move alone, and says how to see it again', async () => {
  const args = withDashboard('slot drain-group 3 --max-keys-per-second=100');
  const moving = new TestProcess(process.execPath, [BIN, ...args]);
  await keysAreMoved();
  expect(await moving.stop('SIGINT')).toEqual({ code: 1, signal: null });
  expect(moving.stderr).toBe(
    'codis-config: drain group 3 goes on without you\n' +
      '  see it again with: codis-config slot status\n',
  );
  expect(await tool('slot cancel --forward')).toEqual({ code: 0, stdout: OK, stderr: '' });
});

test('3 -> 2: a drained group is removed', async () => {
  expect(await tool('slot drain-group 3')).toEqual({ code: 0, stdout: OK, stderr: '' });
  expect(Object.keys(await slotNumbers())).toEqual(['1', '2']);
  expect(await tool('server remove-group 3')).toEqual({ code: 0, stdout: OK, stderr: '' });
  await expectEveryKey();
  const client = await RespClient.connect(third.port);
  expect(await client.text('DBSIZE')).toBe(':0\r\n');
  client.close();
});

test.each([
  ['slot migrate 0 5 9', 'group 9 is not found'],
  ['slot migrate 9 3 1', 'the range 9 to 3 is empty'],
  ['slot drain-group 9', 'group 9 is not found'],
  ['slot pause --move=0000000099', 'there is no move 0000000099'],
])('%s is refused: %s', async (line, message) => {
  const { code, stdout, stderr } = await tool(line);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.split('\n')[0]).toBe(`codis-config: ${message}`);
});

test.each([
  ['slot migrate 0 5 1 --large-keys=leave', 'chunk, hold, block'],
  ['slot rebalance --by=cats', 'slots, keys, memory'],
  ['slot cancel --back --forward', 'cannot be used with'],
  ['slot migrate 0 5 1 --max-stall=0', 'from 1 on'],
])('%s is wrong usage', async (line, message) => {
  const { code, stderr } = await tool(line);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
