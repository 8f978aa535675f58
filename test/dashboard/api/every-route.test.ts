import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../../base/accounts.js';
import { mayDo } from '../../../dashboard/access/identity.js';
import { ALL_ROUTES, type AnyRouteName, ROUTE_TABLE } from '../../../dashboard/api/route-table.js';
import { accountSettings, logIn, SHARED_TOKEN, TOKENS } from '../access/signed-in.js';
import { TestCluster } from '../test-cluster.js';

const NAMES = Object.keys(ALL_ROUTES) as AnyRouteName[];
const needed = (name: AnyRouteName) => ROUTE_TABLE[name].needs;
const CLOSED = NAMES.filter((name) => needed(name) !== 'nobody');

let cluster: TestCluster;
let url: string;

beforeAll(async () => {
  cluster = await TestCluster.start(await accountSettings());
  url = `http://${cluster.dashboard.addr}`;
});
afterAll(() => cluster.stop());

async function ask(name: AnyRouteName, headers: Record<string, string> = {}, body?: string) {
  const { method, path } = ALL_ROUTES[name];
  const filled = path
    .replace(':group', '1')
    .replace(':slot', '1')
    .replace(':job', '0000000000')
    .replace(':addr', '127.0.0.1:1');
  const init: RequestInit = { method, headers: { accept: 'application/json', ...headers } };
  if (method !== 'GET') init.body = body ?? '';
  const answer = await fetch(`${url}${filled}`, init);
  return { status: answer.status, text: await answer.text() };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('every route', () => {
  it.each(CLOSED)('%s: is not for those that nobody knows', async (name) => {
    const missing = await ask(name);
    expect(missing.status).toBe(401);
    expect(JSON.parse(missing.text).hint).toContain('dashboard_token');
    expect((await ask(name, bearer('nobody-has-this-token'))).status).toBe(401);
    expect((await ask(name, { cookie: 'codis_test=made.up' })).status).toBe(401);
  });

  it.each(CLOSED)('%s: is for the roles that may, and no others', async (name) => {
    for (const role of ROLES) {
      const needs = needed(name);
      const isAllowed = needs !== 'nobody' && mayDo(role, needs);
      const { status, text } = await ask(name, bearer(TOKENS[role]));
      if (isAllowed) expect([401, 403], role).not.toContain(status);
      else expect(text, role).toContain(`${role}-script is `);
      if (!isAllowed) expect(status, role).toBe(403);
    }
    expect([401, 403]).not.toContain((await ask(name, bearer(SHARED_TOKEN))).status);
  });

  it.each(NAMES)('%s: is not for pages of other sites', async (name) => {
    const headers = bearer(SHARED_TOKEN);
    expect((await ask(name, { ...headers, origin: 'http://example.com' })).status).toBe(403);
    expect((await ask(name, { ...headers, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('is for a browser that is logged in; changes only with its CSRF token', async () => {
    const { cookie, csrf } = await logIn(url, 'admin');
    const other = await logIn(url, 'admin');
    for (const name of CLOSED) {
      const isChange = ROUTE_TABLE[name].kind === 'change' || ALL_ROUTES[name].method !== 'GET';
      const without = await ask(name, { cookie });
      if (isChange) expect(without.text, name).toContain('x-codis-csrf');
      else expect([401, 403], name).not.toContain(without.status);
      if (isChange) expect((await ask(name, { cookie, ...other.csrf })).status, name).toBe(403);
      expect([401, 403], name).not.toContain((await ask(name, { cookie, ...csrf })).status);
    }
  });

  const WITH_BODY = NAMES.filter((name) => ROUTE_TABLE[name].body !== undefined);

  it.each(WITH_BODY)('%s: refuses a bad body in one line', async (name) => {
    for (const body of ['', '{"id":', '[]', 'null', '{"change":"none"}']) {
      const { status, text } = await ask(name, bearer(SHARED_TOKEN), body);
      expect(status, body).toBe(400);
      expect(JSON.parse(text).error).toMatch(/^the request body[^\n]+$/);
    }
    const long = `{"x":"${'x'.repeat(1024 * 1024)}"}`;
    expect((await ask(name, bearer(SHARED_TOKEN), long)).status).toBe(413);
  });
});

describe('who is refused', () => {
  it('is told in plain text what to do, too', async () => {
    const answer = await fetch(`${url}/api/slots`);
    expect(answer.status).toBe(401);
    expect(await answer.text()).toMatch(/^the dashboard wants to know who you are.*config\.ini.*$/);
    const viewer = await fetch(`${url}/api/server_groups`, {
      method: 'PUT',
      headers: bearer(TOKENS.viewer),
      body: '{"id":9}',
    });
    expect(await viewer.text()).toBe(
      'viewer-script is a viewer, and this takes an operator: ask somebody with the role operator',
    );
  });

  it('does not get in with a wrong password, and may log out', async () => {
    await expect(logIn(url, 'admin', 'wrong')).rejects.toThrow('401');
    await expect(logIn(url, 'admin-script', 'admin-token')).rejects.toThrow('401');
    const { cookie, session } = await logIn(url, 'viewer');
    expect(session).toMatchObject({ signed_in: true, name: 'viewer', role: 'viewer' });
    expect((await ask('listGroups', { cookie })).status).toBe(200);
    const out = await fetch(`${url}/api/session`, { method: 'DELETE', headers: { cookie } });
    expect(out.headers.get('set-cookie')).toMatch(/^codis_test=; Path=\/; Max-Age=0; HttpOnly/);
    expect((await ask('listGroups', { cookie })).status).toBe(401);
  });

  it('gets no page in a frame, and nothing is kept', async () => {
    const { headers } = await fetch(`${url}/api/session`);
    expect(headers.get('content-security-policy')).toMatch(
      /script-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
