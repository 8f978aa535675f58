import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from './test-cluster.js';

const CAPTURE = readFileSync('test/fixtures/codis2/rest.txt', 'utf8');

let cluster: TestCluster;
let oldMaster: string;
let newMaster: string;
let other: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  const { client } = cluster;
  oldMaster = (await cluster.group(1)).addr;
  other = (await cluster.group(2)).addr;
  newMaster = (await cluster.redis()).addr;
  await client.addServer(1, newMaster, 'slave');
  await client.initSlots();
  await client.setSlots({ from: 0, to: 511, new_group: 1, status: 'online' });
  await client.setSlots({ from: 512, to: 1023, new_group: 2, status: 'online' });
  await cluster.proxy('proxy_1', {
    vars: { router: { ops: 12, cmds: [] }, info: {}, build: {} },
  });
});
afterAll(() => cluster.stop());

async function request(method: string, path: string, body?: string, headers = {}) {
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = body;
  const answer = await fetch(`http://${cluster.dashboard.addr}${path}`, init);
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text: await answer.text(),
  };
}

/** The body of a captured reply, and its last line "[status type]". */
function captured(title: string): { body: string; status: number; type: string } {
  const section = CAPTURE.split(`## ${title}\n`)[1]?.split('\n## ')[0];
  const match = /^(.*)\n\[(\d+) ([^\]]+)\]\s*$/s.exec(section ?? '');
  if (!match) throw new Error(`no whole reply captured for ${title}`);
  return { body: match[1]!, status: Number(match[2]), type: match[3]! };
}

/** The keys of everything in a JSON value, in order: what a tool written in Go depends on. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.entries(value).map(([key, child]) => [key, shape(child)]);
}

describe('REST bodies, compared with the capture of an original Codis', () => {
  it('shows a group byte for byte the same, before and after a promotion', async () => {
    await cluster.client.promote(1, newMaster);
    const group = await request('GET', '/api/server_group/1');
    const expected = captured('GET /api/server_group/1');
    // Addresses differ; the list is sorted by address.
    const ours = group.text
      .replaceAll(oldMaster, '127.0.0.1:29211')
      .replaceAll(newMaster, '127.0.0.1:29213');
    const servers = JSON.parse(ours).servers;
    expect(servers).toHaveLength(2);
    expect(servers).toEqual(expect.arrayContaining(JSON.parse(expected.body).servers as unknown[]));
    if (oldMaster < newMaster) expect(ours).toBe(expected.body);
    expect(group).toMatchObject({ status: expected.status, type: expected.type });

    const groups = await request('GET', '/api/server_groups');
    const all = captured('GET /api/server_groups');
    expect(groups.type).toBe(all.type);
    expect(shape(JSON.parse(groups.text))).toEqual(shape(JSON.parse(all.body)));
    expect(groups.text.split('\n').map((line) => line.length - line.trimStart().length)).toEqual(
      all.body.split('\n').map((line) => line.length - line.trimStart().length),
    );
  });

  it.each([
    ['GET', '/api/slot/0'],
    ['GET', '/api/migrate/status'],
    ['GET', '/api/migrate/tasks'],
  ])('%s %s', async (method, path) => {
    const expected = captured(`${method} ${path}`);
    const answer = await request(method, path);
    expect(answer).toEqual({ status: expected.status, type: expected.type, text: expected.body });
  });

  it('lists all slots, by both names', async () => {
    const slots = await request('GET', '/api/slots');
    const first = captured('GET /api/slot/0');
    expect(JSON.parse(slots.text)).toHaveLength(1024);
    expect(JSON.parse(slots.text)[0]).toEqual(JSON.parse(first.body));
    expect(slots.text.split('\n')[1]).toBe('   {');
    expect((await request('GET', '/api/slot/list')).text).toBe(slots.text);
  });

  it('lists proxies with the keys in order', async () => {
    const proxies = await request('GET', '/api/proxy/list');
    const expected = captured('GET /api/proxy/list');
    expect(shape(JSON.parse(proxies.text))).toEqual(shape(JSON.parse(expected.body)));
  });

  it('counts the keys of a slot on a server and on a group', async () => {
    const slot = await request('GET', `/api/redis/${other}/579/slotinfo`);
    expect(slot.text).toBe(captured('GET /api/redis/127.0.0.1:29211/579/slotinfo').body);
    const group = await request('GET', '/api/redis/group/2/579/slotinfo');
    const expected = captured('GET /api/redis/group/2/579/slotinfo');
    expect(group.text.replace(other, '127.0.0.1:29212')).toBe(expected.body);
  });

  it('shows INFO sorted by field, and the overview of all masters', async () => {
    const stat = JSON.parse((await request('GET', `/api/redis/${newMaster}/stat`)).text);
    expect(Object.keys(stat)).toEqual(Object.keys(stat).toSorted());
    expect(stat).toMatchObject({ role: 'master', arch_bits: '64', aof_enabled: '0' });
    const overview = JSON.parse((await request('GET', '/api/overview')).text);
    expect(Object.keys(overview)).toEqual(['ops', 'product', 'redis_infos']);
    expect(overview).toMatchObject({ ops: 0, product: 'test' });
    const ports = overview.redis_infos.map((info: { tcp_port: string }) => info.tcp_port);
    expect(ports.toSorted()).toEqual(
      [newMaster, other].map((addr) => addr.split(':')[1]).toSorted(),
    );
  });

  it('gathers the debug vars of the proxies', async () => {
    const vars = JSON.parse((await request('GET', '/api/proxy/debug/vars')).text);
    expect(vars.proxy_1.router.ops).toBe(12);
  });

  it.each([
    ['GET', '/api/server_group/99', undefined, 'GET /api/server_group/99'],
    ['PUT', '/api/server_groups', '{"id":1}', 'PUT /api/server_groups {"id":1} (exists)'],
    ['PUT', '/api/server_groups', '{"id":3}', 'PUT /api/server_groups {"id":3}'],
    ['DELETE', '/api/server_group/3', undefined, 'DELETE /api/server_group/3'],
    [
      'POST',
      '/api/slot',
      '{"from":0,"to":1,"new_group":99,"status":"online"}',
      'POST /api/slot {"from":0,"to":1,"new_group":99,"status":"online"}',
    ],
  ])('%s %s %s', async (method, path, body, title) => {
    const expected = captured(title);
    const answer = await request(method, path, body);
    expect(answer).toEqual({ status: expected.status, type: expected.type, text: expected.body });
  });
});

describe('REST beyond the capture', () => {
  const json = { accept: 'application/json' };

  it('answers errors in JSON with a fitting status to who accepts it', async () => {
    const missing = await request('GET', '/api/server_group/99', undefined, json);
    expect(missing).toMatchObject({ status: 404, type: 'application/json; charset=utf-8' });
    expect(JSON.parse(missing.text)).toEqual({ error: 'group 99 is not found', hint: '' });
    const exists = await request('PUT', '/api/server_groups', '{"id":1}', json);
    expect(exists.status).toBe(409);
    const slot = await request('GET', '/api/slot/1024', undefined, json);
    expect(slot.status).toBe(400);
    expect(JSON.parse(slot.text).hint).toContain('1023');
  });

  it('ignores fields it does not know', async () => {
    const body = JSON.stringify({ id: 7, product_name: 'x', servers: null, more: [1] });
    expect((await request('PUT', '/api/server_groups', body)).status).toBe(200);
    expect((await request('DELETE', '/api/server_group/7')).status).toBe(200);
  });

  it.each([
    ['{"id":', 400, /not JSON/],
    ['', 400, /not JSON/],
    ['{"id":"one"}', 400, /id/],
    ['[]', 400, /body/],
    ['{"id":0}', 400, /id/],
    [`{"id":1,"x":"${'x'.repeat(1024 * 1024)}"}`, 413, /larger/],
  ])('refuses a bad body in one line: %.20s', async (body, status, message) => {
    const answer = await request('PUT', '/api/server_groups', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(message);
    expect(answer.text).not.toContain('\n');
  });

  it('answers unknown routes and numbers that are none', async () => {
    expect(await request('GET', '/api/nothing')).toMatchObject({ status: 404 });
    expect(await request('PATCH', '/api/slots')).toMatchObject({ status: 404 });
    const letter = await request('GET', '/api/server_group/one');
    expect(letter).toMatchObject({ status: 500, text: 'group: "one" is not a whole number' });
  });

  it('shows its routes at / and /admin, and its health', async () => {
    for (const path of ['/', '/admin']) {
      expect((await request('GET', path)).text).toContain('/api/server_groups');
    }
    const health = await request('GET', '/healthz');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toEqual({ lease: 'held', coordinator: 'connected' });
    await expect(cluster.client.health()).resolves.toMatchObject({ lease: 'held' });
  });

  it('refuses pages of other sites', async () => {
    const foreign = { origin: 'http://example.com' };
    expect((await request('PUT', '/api/server_groups', '{"id":8}', foreign)).status).toBe(403);
    const own = { origin: `http://${cluster.dashboard.addr}` };
    expect((await request('PUT', '/api/server_groups', '{"id":8}', own)).status).toBe(200);
    const image = { 'sec-fetch-site': 'cross-site' };
    expect((await request('GET', '/api/remove_fence', undefined, image)).status).toBe(403);
  });

  it('asks no server for its state that is in no group', async () => {
    const stranger = await cluster.redis();
    const answer = await request('GET', `/api/redis/${stranger.addr}/stat`);
    expect(answer).toMatchObject({ status: 500, text: `no group has a server ${stranger.addr}` });
  });

  it('queues a move, and answers as captured', async () => {
    const body = '{"from":579,"to":579,"new_group":2,"delay":0}';
    const expected = captured(`POST /api/migrate ${body}`);
    const answer = await request('POST', '/api/migrate', body);
    expect(answer).toEqual({ status: expected.status, type: expected.type, text: expected.body });
  });
});
