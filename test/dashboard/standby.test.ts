import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DashboardClient } from '../../dashboard/api/client.js';
import {
  applyUpdate,
  type LiveMessage,
  type LiveState,
} from '../../dashboard/api/live-contract.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper.js';
import { accountSettings, logIn, SHARED_TOKEN } from './access/signed-in.js';
import { FakeProxy } from './fake-proxy.js';
import { startDashboard, testConfig } from './test-cluster.js';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'codis-config');
/** What is promised for a leader that was killed, its ZooKeeper session lasting longer. */
const TAKE_OVER_MS = 10_000;

const cleanups: (() => unknown)[] = [];
let zookeeper: ZooKeeperServer;
let settings: Record<string, string>;
let masters: RedisServer[];
let leader: TestProcess;
let leaderAddr: string;

beforeAll(async () => {
  zookeeper = await startZooKeeper();
  settings = {
    ...{ coordinator: 'zookeeper', zk: zookeeper.addr, zk_session_timeout: '30000' },
    ...(await accountSettings()),
  };
  masters = [await startRedis(['--enable-debug-command', 'yes']), await startRedis()];
  const file = join(temporaryFolder(), 'config.ini');
  const lines = Object.entries({ ...settings, dashboard_data: temporaryFolder() });
  writeFileSync(file, lines.map(([key, value]) => `${key}=${value}`).join('\n'));
  leaderAddr = `127.0.0.1:${await freePort()}`;
  const args = [PROGRAM, '-c', file, 'dashboard', `--addr=${leaderAddr}`];
  leader = new TestProcess(process.execPath, args);
  await eventually('the leader serves', async () => {
    if (!leader.isRunning) throw new Error(leader.stderr);
    return (await fetch(`http://${leaderAddr}/healthz`)).status === 200;
  });
});
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await leader.stop('SIGKILL');
  await Promise.all(masters.map((master) => master.stop()));
  await zookeeper.stop();
});

it('goes on with the move of a leader that was killed, within ten seconds', async () => {
  const config = testConfig(settings);
  const dashboard = await startDashboard(config);
  cleanups.push(() => dashboard.close());
  const url = `http://${dashboard.addr}`;
  const token = { authorization: `Bearer ${SHARED_TOKEN}` };
  const client = new DashboardClient(dashboard.addr, 60_000, {
    ...{ scheme: 'http', ca: null, headers: token },
  });
  expect((await client.health()).lease).toBe('standby');

  // Everything is asked of the stand-by, which passes it on.
  const proxy = await FakeProxy.start(config, 'proxy_1', {});
  cleanups.push(() => proxy.leave());
  for (const [index, master] of masters.entries()) {
    await client.addGroup(index + 1);
    await client.addServer(index + 1, master.addr, 'master');
  }
  await client.initSlots();
  await client.setSlots({ from: 0, to: 1023, new_group: 1, status: 'online' });
  const redis = await RespClient.connect(masters[0]!.port);
  cleanups.push(() => redis.close());
  await redis.call('DEBUG', 'POPULATE', '6000');

  // A browser at the stand-by, logged in.
  const { cookie } = await logIn(url, 'viewer');
  const browser = new WebSocket(`ws://${dashboard.addr}/ws`, { headers: { cookie } });
  cleanups.push(() => browser.terminate());
  let seen: LiveState | null = null;
  browser.on('message', (data) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    seen = message.type === 'snapshot' ? message.state : applyUpdate(seen!, message);
  });
  const state = () => seen as LiveState | null;
  await eventually('the browser sees who leads', () => {
    return state()?.dashboard.leader === leaderAddr && !state()?.dashboard.leads;
  });
  expect(state()!.dashboard.others).toEqual([`http://${leaderAddr}`]);

  const options = { max_keys_per_second: 500 };
  const plan = await client.planMoves({ kind: 'move', from: 0, to: 511, new_group: 2, options });
  const job = await client.startMoves(plan);
  await eventually('keys move, as the stand-by knows from the leader', () => {
    return state()?.jobs.some(({ id, keys_moved }) => id === job && keys_moved > 50);
  });

  const killedAt = Date.now();
  await leader.stop('SIGKILL');
  await eventually('the stand-by leads', async () => (await client.health()).lease === 'held');
  await eventually('it moves keys', () => {
    const own = state()?.jobs.find(({ id }) => id === job);
    return state()?.dashboard.leads && own?.state === 'running' && own.keys_moved > 0;
  });
  expect(Date.now() - killedAt).toBeLessThan(TAKE_OVER_MS);

  await client.controlJob(job!, { action: 'cancel', direction: 'forward' });
  await eventually('the move has ended', async () => {
    return (await client.getJob(job!)).state === 'cancelled';
  });
  const slots = await client.listSlots();
  expect(slots.every((slot) => slot.state.status === 'online')).toBe(true);
  // Who did what is known, whoever led.
  const whats = (await client.audit(100)).map(({ what, who }) => `${who}: ${what}`);
  expect(whats).toContain('token: initialise the slots');
  expect(whats[0]).toBe(`token: cancel move ${job}, forward`);
});
