import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { z } from 'zod';
import { ALL_ROUTES, type AnyRouteName, ROUTE_TABLE } from '../../../dashboard/api/route-table.js';
import type {
  AuditReply,
  ChangePlan,
  ChangeRequest,
  SlowlogReply,
  SurveyReply,
} from '../../../dashboard/api/web-contract.js';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { TestCluster } from '../test-cluster.js';

let cluster: TestCluster;
let master: RedisServer;
let replica: RedisServer;

beforeAll(async () => {
  cluster = await TestCluster.start();
  master = await cluster.allSlotsToGroup(1);
  replica = await cluster.redis();
  await cluster.client.addServer(1, replica.addr, 'slave');
  await cluster.group(2);
  const redis = await RespClient.connect(master.port);
  await redis.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
  await redis.call('SET', 'user:1', 'a'.repeat(5_000));
  redis.close();
});
afterAll(() => cluster.stop());

const json = { accept: 'application/json' };

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://${cluster.dashboard.addr}${path}`, { headers: json });
  return { status: answer.status, body: await answer.json() };
}

async function plan(change: ChangeRequest): Promise<ChangePlan> {
  const answer = await fetch(`http://${cluster.dashboard.addr}/api/plan`, {
    ...{ method: 'POST', headers: json, body: JSON.stringify(change) },
  });
  const body = await answer.json();
  if (answer.status !== 200) throw new Error((body as { error: string }).error);
  return ROUTE_TABLE.plan.reply!.parse(body) as ChangePlan;
}

async function carryOut({ request }: ChangePlan): Promise<number> {
  const init: RequestInit = { method: request.method, headers: json };
  if (request.body !== null) init.body = JSON.stringify(request.body);
  return (await fetch(`http://${cluster.dashboard.addr}${request.path}`, init)).status;
}

describe('what is shown', () => {
  const SHOWN: [AnyRouteName, string][] = [
    ...(['listGroups', 'listSlots', 'migrateStatus', 'migrateTasks', 'listJobs'] as const),
    ...(['listProxies', 'proxyVars', 'overview', 'health', 'haStatus'] as const),
    ...(['getSession', 'live', 'slowlog', 'audit', 'openapi'] as const),
  ].map((name) => [name, ALL_ROUTES[name].path]);

  it.each([
    ...SHOWN,
    ['getGroup', '/api/server_group/1'],
    ['getSlot', '/api/slot/5'],
    ['slotDetail', '/api/slot/5/detail'],
    ['survey', '/api/survey/1'],
  ] as [AnyRouteName, string][])('%s: %s is as its schema says', async (name, path) => {
    const { status, body } = await get(path);
    expect(status).toBe(200);
    const type = ROUTE_TABLE[name].reply as z.ZodType;
    expect(type.parse(body)).toEqual(body);
  });

  it('is described by an OpenAPI document that has every route', async () => {
    const { body } = await get('/api/openapi.json');
    const document = body as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; requestBody?: unknown }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(described.toSorted()).toEqual(Object.keys(ALL_ROUTES).toSorted());
    expect(document.paths['/api/server_group/{group}/promote']?.post?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { required: ['addr'], type: 'object' } } },
    });
    expect(JSON.stringify(document)).not.toContain('$defs');
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
      expect(name).toBe('#/components/schemas/Failure');
    }
  });

  it('has keys and bytes of slots, the largest keys, and slow commands', async () => {
    const survey = (await get('/api/survey/1')).body as SurveyReply;
    expect(survey).toMatchObject({ group: 1, server: master.addr, is_exact: true, keys: 1 });
    expect(survey.largest[0]).toMatchObject({ key: '"user:1"', group_id: 1 });
    expect(survey.largest[0]!.bytes).toBeGreaterThan(5_000);
    const [slot, keys] = survey.slots[0]!;
    expect(keys).toBe(1);
    expect((await get(`/api/slot/${slot}/detail`)).body).toMatchObject({ keys: 1, group: 1 });
    const slow = (await get(`/api/slowlog?server=${master.addr}&limit=50`)).body as SlowlogReply;
    const entry = slow.entries.find(({ command }) => command.startsWith('SET user:1'));
    expect(entry!.command.length).toBeLessThan(80);
    expect((await get('/api/slowlog?server=127.0.0.1:1')).status).toBe(404);
    expect((await get('/api/survey/99')).status).toBe(404);
    expect((await get('/api/slot/5000/detail')).status).toBe(400);
    expect((await get('/api/history?of=nothing')).status).toBe(404);
    expect((await get('/api/history?of=total&range=week')).status).toBe(400);
    await eventually('history', async () => (await get('/api/history?of=total')).status === 200);
  });

  it('shows a server that was killed within seconds, over the WebSocket', async () => {
    const ws = new WebSocket(`ws://${cluster.dashboard.addr}/ws`);
    const seen: string[] = [];
    ws.on('message', (data) => seen.push(String(data)));
    await eventually('the state', () => seen.some((text) => text.includes('"snapshot"')));
    await eventually('it is up', () => seen.join().includes(`"lag_bytes":0`));
    const former = replica;
    await former.stop();
    const words = `the replica ${former.addr} of group 1 is down: it refuses connections`;
    await eventually('it is down', () => seen.join().includes(words));
    ws.terminate();
  });

  it('is not for pages of other sites, and there is but one WebSocket', async () => {
    const statusOf = (path: string, headers: Record<string, string>) =>
      new Promise((resolve) => {
        const ws = new WebSocket(`ws://${cluster.dashboard.addr}${path}`, { headers });
        ws.on('unexpected-response', (_request, answer) => resolve(answer.statusCode));
        ws.on('error', () => {});
        ws.on('open', () => {
          ws.terminate();
          resolve(101);
        });
      });
    expect(await statusOf('/ws', { origin: 'http://example.com' })).toBe(403);
    expect(await statusOf('/ws', { host: 'example.com' })).toBe(403);
    expect(await statusOf('/other', {})).toBe(404);
    expect(await statusOf('/ws', { origin: `http://${cluster.dashboard.addr}` })).toBe(101);
    const named = await fetch(`http://${cluster.dashboard.addr}/api/slots`);
    expect(named.status).toBe(200);
  });
});

describe('plans', () => {
  it('say what would happen, and are carried out as they say', async () => {
    const add = await plan({ change: 'add-group', group: 7 });
    expect(add).toMatchObject({
      ...{ summary: 'make group 7', confirm_name: null, role: 'operator', is_exact: true },
      request: { method: 'PUT', path: '/api/server_groups', body: { id: 7 } },
      undo_change: { change: 'remove-group', group: 7 },
    });
    expect(await carryOut(add)).toBe(200);
    const remove = await plan(add.undo_change as ChangeRequest);
    expect(remove).toMatchObject({ role: 'admin', request: { path: '/api/server_group/7' } });
    expect(await carryOut(remove)).toBe(200);
    const audit = (await get('/api/audit?limit=2')).body as AuditReply;
    expect(audit.entries).toMatchObject([
      { who: '-', what: 'remove group 7', before: 'group 7\nno servers', after: 'no group 7' },
      { what: 'add group 7', before: 'no group 7', outcome: 'done', from: '127.0.0.1' },
    ]);
    const older = (await get(`/api/audit?limit=1&before=${audit.entries[0]!.id}`)).body;
    expect(older).toMatchObject({ entries: [{ what: 'add group 7' }], has_more: true });
  });

  it('of moves have slots, keys, time, and the way back', async () => {
    const move = await plan({ change: 'move-slots', from: 0, to: 1023, group: 2 });
    expect(move).toMatchObject({ slots: 1024, keys: 1, is_exact: true, is_nothing: false });
    expect(move.steps[0]).toBe('1024 slots from group 1 to group 2, with their keys');
    expect(move.undo_change).toEqual({ change: 'move-slots', from: 0, to: 1023, group: 1 });
    expect(move.moves!.largest_keys[0]!.key).toBe('"user:1"');
    const nothing = await plan({ change: 'move-slots', from: 0, to: 9, group: 1 });
    expect(nothing).toMatchObject({ is_nothing: true, slots: 0 });
    expect((await plan({ change: 'rebalance' })).slots).toBe(512);
    expect((await plan({ change: 'drain-group', group: 1 })).slots).toBe(1024);
  });

  it('of dangerous changes want a name, and warn', async () => {
    const init = await plan({ change: 'init-slots', force: true });
    expect(init).toMatchObject({ confirm_name: 'test', role: 'admin', slots: 1024 });
    expect(init.warnings).not.toEqual([]);
    const off = await plan({
      ...{ change: 'set-slots', from: 0, to: 9, group: 1, status: 'offline' },
    });
    expect(off).toMatchObject({ confirm_name: 'slots 0-9', slots: 10 });
    expect(off.undo_change).toEqual({
      ...{ change: 'set-slots', from: 0, to: 9, group: 1, status: 'online' },
    });
    expect(await plan({ change: 'gc-actions', keep: 100_000 })).toMatchObject({ is_nothing: true });
    expect(await plan({ change: 'remove-fences' })).toMatchObject({ is_nothing: true });
    expect(await plan({ change: 'remove-locks' })).toMatchObject({ is_nothing: true });
  });

  it.each([
    [{ change: 'add-group', group: 1 }, 'group already exists'],
    [
      { change: 'remove-group', group: 1 },
      'group 1 cannot be removed: group 1 still has 1024 slots',
    ],
    [{ change: 'promote', group: 1, addr: '127.0.0.1:1' }, 'group 1 has no server 127.0.0.1:1'],
    [{ change: 'init-slots' }, 'there are 1024 slots already'],
    [{ change: 'move-slots', from: 0, to: 1, group: 99 }, 'group 99 is not found'],
    [
      { change: 'set-slots', from: 5, to: 4, group: 1, status: 'online' },
      'slots 5-4: from is greater than to',
    ],
    [{ change: 'set-proxy', id: 'none', state: 'offline' }, 'proxy none is not registered'],
    [{ change: 'control-job', job: '1', action: 'pause' }, 'there is no move 1'],
  ] as [ChangeRequest, string][])(
    'refuse what the change would be refused for: %j',
    async (change, words) => {
      await expect(plan(change)).rejects.toThrow(words);
    },
  );
});
