import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../cluster/slot-hash.js';
import { TestCluster } from '../../support/cluster.js';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { jobEnds, jobIs } from './support.js';

const KEY = 'large';
const SLOT = slotOf(KEY);
const FIELDS = 60_000;
const EXPIRES_AT = Date.now() + 10_000_000;
/** Keys of 0.2 MB are large then; and pieces become small on a busy machine. */
const OPTIONS = { max_stall: 1 };

let cluster: TestCluster;
let owner: number;
let clients: RespClient[] = [];
let content: string;

beforeAll(async () => {
  cluster = await TestCluster.start({
    proxies: 2,
    dashboard: 'process',
    redisArgs: ['--enable-debug-command', 'yes'],
    config: { zk_session_timeout: 4000 },
  });
  owner = SLOT < 512 ? 1 : 2;
  const client = await RespClient.connect(server(owner).port);
  for (let from = 0; from < FIELDS; from += 5000) {
    const pairs = Array.from({ length: 5000 }, (_, index) => [
      `field:${from + index}`,
      'v'.repeat(40),
    ]);
    await client.call('HSET', KEY, ...pairs.flat());
  }
  await client.call('SET', `{${KEY}}small`, 'small');
  await client.call('PEXPIREAT', KEY, EXPIRES_AT);
  client.close();
  content = await contentAt(owner);
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  for (const client of clients) client.close();
  clients = await Promise.all(cluster.proxies.map((proxy) => RespClient.connect(proxy.port)));
});

function server(group: number): RedisServer {
  return cluster.groups[group - 1]!;
}

async function ask(group: number, ...command: (string | number)[]): Promise<string> {
  const client = await RespClient.connect(server(group).port);
  const reply = await client.text(...command);
  client.close();
  return reply;
}

/** By the server's own word, whatever the encoding. */
function contentAt(group: number): Promise<string> {
  return ask(group, 'DEBUG', 'DIGEST-VALUE', KEY);
}

/** @returns the group it goes to */
async function begin(options: object = OPTIONS): Promise<number> {
  const target = 3 - owner;
  await cluster.dashboard.client.startMoves({
    what: 'one slot',
    moves: [{ from_group: owner, to_group: target, slots: [[SLOT, SLOT]] }],
    options: { ...OPTIONS, ...options },
  });
  return target;
}

async function expectAllAt(group: number): Promise<void> {
  owner = group;
  expect(await contentAt(group)).toBe(content);
  // MIGRATE, by which a pull moves it, takes a while, and the time that is left with it.
  const expiry = Number((await ask(group, 'PEXPIRETIME', KEY)).slice(1));
  expect(Math.abs(expiry - EXPIRES_AT)).toBeLessThan(5000);
  expect(await ask(group, 'GET', `{${KEY}}small`)).toBe('$5\r\nsmall\r\n');
  expect(await ask(group, 'DBSIZE')).toBe(':2\r\n');
  expect(await ask(3 - group, 'DBSIZE')).toBe(':0\r\n');
  expect(await listed()).toEqual([]);
  const [slot] = await cluster.store.loadSlots(SLOT, SLOT);
  expect(slot).toMatchObject({ group_id: group, state: { status: 'online' } });
}

async function listed(): Promise<string[]> {
  return (await cluster.store.loadLargeKeys(SLOT)).map(({ key, phase }) => {
    return `${Buffer.from(key, 'base64')} ${phase}`;
  });
}

function isCopied(group: number): Promise<unknown> {
  return eventually('the key is being copied', async () => {
    return (await ask(group, 'KEYS', '*moving*')).includes('codis:moving');
  });
}

it('a large key is read while it is copied, and written to afterwards', async () => {
  const plan = await cluster.dashboard.client.planMoves({
    ...{ kind: 'move', from: SLOT, to: SLOT, new_group: 3 - owner },
    options: OPTIONS,
  });
  expect(plan.options.large_keys).toBe('chunk');
  expect(plan.large_keys).toMatchObject([{ key: '"large"', slot_id: SLOT }]);

  const target = await begin();
  await isCopied(target);
  expect(await listed()).toEqual(['large copying']);
  const [reader, writer] = clients as [RespClient, RespClient];
  const written = writer.text('HSET', KEY, 'new', 'field');
  let isWritten = false;
  void written.then(() => {
    isWritten = true;
  });
  let readsBefore = 0;
  while (!isWritten) {
    const length = await reader.text('HLEN', KEY);
    if (length === `:${FIELDS}\r\n`) readsBefore++;
    else expect(length).toBe(`:${FIELDS + 1}\r\n`);
    expect(await reader.text('GET', `{${KEY}}small`)).toBe('$5\r\nsmall\r\n');
  }
  expect(await written).toBe(':1\r\n');
  expect(readsBefore).toBeGreaterThan(10);
  expect(await jobEnds(cluster.dashboard)).toMatchObject({ state: 'done' });
  expect(await writer.text('HDEL', KEY, 'new')).toBe(':1\r\n');
  await expectAllAt(target);
});

describe('a dashboard killed with -9 while a large key is copied', () => {
  it.each([
    'migrate-saved',
    'large-key-piece:1',
    'large-key-piece:40',
    'large-key-copied',
    'large-key-switching-saved',
    'large-key-switching-announced',
    'large-key-switching-confirmed',
    'large-key-renamed',
    'large-key-moved',
    'large-key-saved',
    'large-key-announced',
    'keys-moved',
  ])('at %s: the next one goes on from there', async (point) => {
    const killed = await cluster.restartDashboard(point);
    const target = await begin();
    expect(await killed.process.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const next = await cluster.restartDashboard();
    expect(await jobEnds(next)).toMatchObject({ state: 'done', slots_left: 0 });
    expect(await clients[0]!.text('HLEN', KEY)).toBe(`:${FIELDS}\r\n`);
    await expectAllAt(target);
  });
});

it('a move that is paused leaves the key alone, and one that goes back leaves nothing behind', async () => {
  const target = await begin();
  await isCopied(target);
  const { client } = cluster.dashboard;
  const job = await jobIs(cluster.dashboard, 'under way', ({ state }) => state === 'running');
  await client.controlJob(job.id, { action: 'pause' });
  expect(await listed()).toEqual([]);
  expect(await clients[0]!.text('HSET', KEY, 'field:0', 'v'.repeat(40))).toBe(':0\r\n');
  // The write has pulled it.
  expect(await ask(target, 'EXISTS', KEY)).toBe(':1\r\n');
  await client.controlJob(job.id, { action: 'cancel', direction: 'back' });
  expect(await jobEnds(cluster.dashboard)).toMatchObject({ state: 'cancelled' });
  await expectAllAt(owner);
});

it('copied and turned back in the middle', async () => {
  const target = await begin();
  await isCopied(target);
  const [job] = await cluster.dashboard.client.listJobs();
  await cluster.dashboard.client.controlJob(job!.id, { action: 'cancel', direction: 'back' });
  expect(await jobEnds(cluster.dashboard)).toMatchObject({ state: 'cancelled' });
  await expectAllAt(owner);
});

it('a large key that the policy holds keeps its slot, one that it blocks moves at once', async () => {
  await begin({ large_keys: 'hold' });
  const held = await jobEnds(cluster.dashboard);
  expect(held).toMatchObject({ state: 'failed', slots_stopped: 1 });
  expect(held.last_error).toMatch(/^held: "large" of \d+ MB/);
  await cluster.dashboard.client.controlJob(held.id, { action: 'cancel' });
  await jobEnds(cluster.dashboard);
  await expectAllAt(owner);

  const target = await begin({ large_keys: 'block' });
  await jobIs(cluster.dashboard, 'done', ({ state }) => state === 'done');
  await expectAllAt(target);
});
