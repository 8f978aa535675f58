import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { slotOf } from '../../cluster/slot-hash.js';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';
import { codisConfig, codisConfigOnTerminal, type Outcome } from './codis-config.js';

/*
 * Every verb, typed as in a shell, against a dashboard, a proxy and redis-servers that are
 * processes. The tests build on each other, as an operator's commands do.
 */

const OK = '{\n  "msg": "OK",\n  "ret": 0\n}\n';

let cluster: TestCluster;
let master: RedisServer;
let replica: RedisServer;

beforeAll(async () => {
  cluster = await TestCluster.start({ groups: 2, dashboard: 'process' });
  [master, replica] = await Promise.all([
    startRedis(['--repl-diskless-sync-delay', '0']),
    startRedis(),
  ]);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await Promise.all([master, replica].map((server) => server?.stop()));
});

const withDashboard = (line: string) => [
  `--dashboard=${cluster.dashboard.addr}`,
  ...line.split(' '),
];
const tool = (line: string): Promise<Outcome> => codisConfig(withDashboard(line));
const onTerminal = async (line: string) =>
  (await codisConfigOnTerminal(withDashboard(line))).stdout.trimEnd().split('\n');

async function shown<T>(line: string): Promise<T> {
  const { code, stdout, stderr } = await tool(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function done(line: string): Promise<void> {
  expect(await tool(line)).toEqual({ code: 0, stdout: OK, stderr: '' });
}

test('server list: the records for programs, a table with live columns for people', async () => {
  const groups = await shown<GroupRecord[]>('server list');
  expect(groups).toEqual(await cluster.dashboard.client.listGroups());
  const [title, first, second] = await onTerminal('server list');
  expect(title).toMatch(/^GROUP +SERVER +ROLE +KEYS +MEMORY +STATE$/);
  expect(first).toMatch(/^1 +127\.0\.0\.1:\d+ +master +0 +[\d.]+[KM] +online$/);
  expect(second).toMatch(/^2 +127\.0\.0\.1:\d+ +master +0 +[\d.]+[KM] +online$/);
  expect(JSON.parse((await onTerminal('--json server list')).join('\n'))).toEqual(groups);
});

test('a group is made, gets a master and a replica, and a new master', async () => {
  await done('server add-group 3');
  await done(`server add 3 ${master.addr} master`);
  await done(`server add 3 ${replica.addr} slave`);
  await eventually('the replica is in sync', async () => {
    return (await onTerminal('server list')).some((line) =>
      line.endsWith(`in sync with ${master.addr}`),
    );
  });
  await done(`server promote 3 ${replica.addr}`);
  const third = (await shown<GroupRecord[]>('server list')).find(({ id }) => id === 3);
  expect(third?.servers).toContainEqual({ addr: replica.addr, group_id: 3, type: 'master' });
});

test('what the dashboard refuses is told in its words, in three lines at most', async () => {
  const free = await freePort();
  for (const line of [
    'server add-group 3',
    `server add 9 ${master.addr} master`,
    `server add 3 127.0.0.1:${free} slave`,
    `server promote 3 127.0.0.1:${free}`,
    'server remove-group 1',
    'slot set 5 9 online',
    'proxy online nobody',
    'slot init',
  ]) {
    const { code, stdout, stderr } = await tool(line);
    expect({ line, code, stdout }).toEqual({ line, code: 1, stdout: '' });
    expect(stderr).toMatch(/^codis-config: \S/);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  }
});

test('slots: one, a range, all of them', async () => {
  const slot = await shown<SlotRecord>('slot info 700');
  expect(slot).toMatchObject({ id: 700, group_id: 2, state: { status: 'online' } });
  await done('slot set 700 3 online');
  await done('slot range-set 701 709 3 online');
  expect((await shown<SlotRecord>('slot info 705')).group_id).toBe(3);
  const all = await shown<SlotRecord[]>('slot info');
  expect(all.filter(({ group_id }) => group_id === 3).map(({ id }) => id)).toEqual([
    700, 701, 702, 703, 704, 705, 706, 707, 708, 709,
  ]);
  const lines = await onTerminal('slot info');
  expect(lines[0]).toMatch(/^SLOTS +NUMBER +GROUP +MASTER +STATUS$/);
  expect(lines.map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    ['SLOTS', 'NUMBER', 'GROUP'],
    ['0-511', '512', '1'],
    ['512-699', '188', '2'],
    ['700-709', '10', '3'],
    ['710-1023', '314', '2'],
  ]);
  expect((await onTerminal('slot info 705'))[1]).toMatch(
    new RegExp(`^705 +1 +3 +${replica.addr.replaceAll('.', '\\.')} +online$`),
  );
  await done('slot range-set 700 709 2 online');
});

test('slot of: where a key is, by its tag if it has one', async () => {
  const slot = slotOf(Buffer.from('user:1000'));
  const groups = await cluster.dashboard.client.listGroups();
  const { group_id } = await shown<SlotRecord>(`slot info ${slot}`);
  const owner = masterOf(groups.find(({ id }) => id === group_id)!);
  const where = { slot, group_id, master: owner, status: 'online' };
  for (const key of ['user:1000', '{user:1000}:cart']) {
    expect(await shown(`slot of ${key}`)).toEqual({ key, ...where });
  }
  const [title, line] = await onTerminal('slot of x{user:1000}');
  expect(title).toMatch(/^KEY +SLOT +GROUP +MASTER +STATUS$/);
  expect(line?.split(/ +/)).toEqual(['x{user:1000}', `${slot}`, `${group_id}`, owner, 'online']);
});

test('slots with keys go to another group by force only', async () => {
  const slot = slotOf(Buffer.from('fruit'));
  const { group_id } = await shown<SlotRecord>(`slot info ${slot}`);
  const user = await RespClient.connect(cluster.proxy.port);
  expect(await user.text('SET', 'fruit', 'pear')).toBe('+OK\r\n');
  const other = 3 - group_id;
  const { code, stderr } = await tool(`slot set ${slot} ${other} online`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^codis-config: slot \d+ is not empty: .*\n .*slot migrate .* --force\n$/);
  await done(`slot set ${slot} ${other} online --force`);
  expect(await user.text('GET', 'fruit')).toBe('$-1\r\n');
  await done(`slot range-set ${slot} ${slot} ${group_id} online -f`);
  expect(await user.text('GET', 'fruit')).toBe('$4\r\npear\r\n');
  user.close();
});

test('a server leaves its group, and the group goes', async () => {
  for (const { addr } of [master, replica]) {
    const { code, stderr } = await tool(`server remove 3 ${addr}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
  await done('server remove-group 3');
  expect((await shown<GroupRecord[]>('server list')).map(({ id }) => id)).toEqual([1, 2]);
});

test('migrate and rebalance show what the dashboard answers', async () => {
  for (const line of ['slot migrate 0 0 2 --delay=1', 'slot rebalance']) {
    const { code, stdout, stderr } = await tool(line);
    if (code === 0) expect(stdout).toBe(OK);
    else expect(stderr).toMatch(/^codis-config: \S/);
  }
});

test('actions are tidied away', async () => {
  await done('action gc -n 1');
  expect((await cluster.store.coordinator.children(cluster.store.paths.actions)).length).toBe(1);
  await done('action gc -s 86400');
  await done('action remove-lock');
  await done('action remove-fence');
});

test('proxies: listed, set online, taken offline', async () => {
  const [proxy] = await shown<{ id: string; addr: string; state: string }[]>('proxy list');
  expect(proxy).toMatchObject({ id: 'proxy_1', addr: cluster.proxy.addr, state: 'online' });
  const [title, line] = await onTerminal('proxy list');
  expect(title).toMatch(/^PROXY +CLIENTS AT +METRICS AT +STATE +PID +STARTED$/);
  expect(line).toMatch(/^proxy_1 +127.0.0.1:\d+ +127.0.0.1:\d+ +online +\d+ +\d{4}-\d\d-\d\d /);
  await done('proxy online proxy_1');
  await done('proxy offline proxy_1');
  expect(await cluster.proxy.process.exited).toEqual({ code: 0, signal: null });
  expect(await shown('proxy list')).toEqual([]);
  expect(await onTerminal('proxy list')).toEqual(['no proxies yet: start one with codis-proxy']);
});

test('changes for people are a sentence', async () => {
  expect(await onTerminal('server add-group 7')).toEqual(['✓ group 7 is there']);
  expect(await onTerminal('server remove-group 7')).toEqual(['✓ group 7 is gone']);
});

test('dashboard: listens where it is told to, logs requests, stops in order', async () => {
  const folder = temporaryFolder();
  const [port, httpLog] = [await freePort(), join(folder, 'http.log')];
  const config = join(folder, 'config.ini');
  const lines = ['coordinator=embedded', `embedded_path=${folder}/coordinator`];
  writeFileSync(config, [...lines, `dashboard_data=${folder}/dashboard`].join('\n'));
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'codis-config');
  const args = [bin, '-c', config, '-L', join(folder, 'dashboard.log'), 'dashboard'];
  const start = () =>
    new TestProcess(process.execPath, [
      ...[...args, `--addr=127.0.0.1:${port}`, `--http-log=${httpLog}`],
    ]);
  const dashboard = start();
  const list = () => codisConfig([`--dashboard=127.0.0.1:${port}`, 'server', 'list']);
  await eventually('it answers', async () => (await list()).code === 0);
  expect(readFileSync(httpLog, 'utf8')).toContain('/api/server_groups');

  const second = start();
  expect((await second.exited).code).toBe(1);
  expect(second.stderr).toMatch(/^codis-config: .*\n {2}\S.*\n$/);

  expect(await dashboard.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(dashboard.stdout + dashboard.stderr).toBe('');
  // The lease was given back: the next one need not wait for it to expire.
  const next = start();
  await eventually('the next one answers', async () => (await list()).code === 0);
  expect(await next.stop('SIGINT')).toEqual({ code: 0, signal: null });
});
