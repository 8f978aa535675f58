import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../base/config.js';
import { silentLog } from '../../base/log.js';
import {
  BadVersionError,
  type Coordinator,
  NoNodeError,
} from '../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { Paths } from '../../cluster/paths.js';
import { DashboardClient } from '../../dashboard/api/client.js';
import { Lease } from '../../dashboard/lease.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { type TestProcess, temporaryFolder } from '../support/process.js';
import { startTypeScript } from '../support/typescript-process.js';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper.js';
import { startDashboard, testConfig } from './test-cluster.js';

const PROGRAM = new URL('./dashboard-process.ts', import.meta.url);
const PATH = new Paths('test').dashboard;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function coordinatorOf(config: Config): Promise<Coordinator> {
  const coordinator = await openCoordinator(config, silentLog());
  cleanups.push(() => coordinator.close());
  return coordinator;
}

async function dashboardOf(config: Config) {
  const dashboard = await startDashboard(config);
  cleanups.push(() => dashboard.close());
  return dashboard;
}

/**
 * What a process that is killed or stopped leaves has to expire. Only its own session is short: the
 * test's must outlive it.
 */
const SHORT_SESSION_MS = 1_500;

/** A dashboard process that serves. */
async function processOf(config: Config): Promise<{ process: TestProcess; addr: string }> {
  const file = join(temporaryFolder(), 'config.ini');
  const lines = [
    `coordinator=${config.coordinator}`,
    `zk=${config.zk}`,
    `embedded_path=${config.embeddedPath}`,
    `dashboard_data=${config.dashboardData}`,
    `zk_session_timeout=${SHORT_SESSION_MS}`,
  ];
  writeFileSync(file, lines.join('\n'));
  const child = startTypeScript(PROGRAM, [file]);
  cleanups.push(() => child.stop('SIGKILL'));
  const addr = await eventually('the dashboard process serves', () => {
    if (!child.isRunning) throw new Error(child.stderr);
    return child.stdout.trim() || null;
  });
  return { process: child, addr };
}

describe.each(['embedded', 'zookeeper'])('the lease on %s', (kind) => {
  let zookeeper: ZooKeeperServer | null = null;
  let config: Config;

  beforeAll(async () => {
    if (kind === 'zookeeper') zookeeper = await startZooKeeper();
  });
  afterAll(() => zookeeper?.stop());

  function newConfig(): Config {
    if (!zookeeper) return testConfig();
    return testConfig({ coordinator: 'zookeeper', zk: zookeeper.addr, zk_session_timeout: '4000' });
  }

  it('is a node as in Codis, ephemeral, and goes with the dashboard', async () => {
    config = newConfig();
    const coordinator = await coordinatorOf(config);
    const dashboard = await startDashboard(config);
    const node = await coordinator.get(PATH);
    expect(node).toMatchObject({
      data: `{"addr": "${dashboard.addr}", "pid": ${process.pid}}`,
      ephemeral: true,
    });
    await dashboard.close();
    expect(await coordinator.get(PATH)).toBeNull();
    await expect(new DashboardClient(dashboard.addr).listGroups()).rejects.toThrow(
      `no dashboard answers at ${dashboard.addr}`,
    );
  });

  it('is not given to a second dashboard, which stands by and passes changes on', async () => {
    config = newConfig();
    const first = await dashboardOf(config);
    const second = await dashboardOf(config);
    const client = new DashboardClient(second.addr);
    expect(await client.health()).toEqual({ lease: 'standby', coordinator: 'connected' });
    await client.addGroup(1);
    expect(await new DashboardClient(first.addr).listGroups()).toHaveLength(1);
    await expect(client.addGroup(1)).rejects.toThrow('group already exists');
    await client.removeGroup(1);
    await first.close();
    await eventually('it leads', async () => (await client.health()).lease === 'held');
    await client.addGroup(1);
    await client.removeGroup(1);
  });

  it('is taken over from a process that was killed', async () => {
    config = newConfig();
    const killed = await processOf(config);
    await killed.process.stop('SIGKILL');
    const dashboard = await dashboardOf(config);
    await expect(new DashboardClient(dashboard.addr).health()).resolves.toEqual({
      lease: 'held',
      coordinator: 'connected',
    });
  });

  it('replaces the persistent node that a dead original Codis has left', async () => {
    config = newConfig();
    const coordinator = await coordinatorOf(config);
    const addr = `127.0.0.1:${await freePort()}`;
    await coordinator.create(PATH, `{"addr": "${addr}", "pid": 3245}`);
    const dashboard = await dashboardOf(config);
    expect(await coordinator.get(PATH)).toMatchObject({
      data: expect.stringContaining(dashboard.addr),
      ephemeral: true,
    });
  });

  it('is left to an original Codis that answers', async () => {
    config = newConfig();
    const coordinator = await coordinatorOf(config);
    const codis = createServer((socket) => socket.on('error', () => socket.destroy()));
    cleanups.push(() => codis.close());
    const port = await freePort();
    codis.listen(port, '127.0.0.1');
    await once(codis, 'listening');
    const data = `{"addr": "127.0.0.1:${port}", "pid": 3245}`;
    await coordinator.create(PATH, data);
    cleanups.push(() => coordinator.delete(PATH));
    await expect(startDashboard(config)).rejects.toThrow(`another dashboard at 127.0.0.1:${port}`);
    expect((await coordinator.get(PATH))?.data).toBe(data);
  });

  it('is taken again when the node is removed by hand', async () => {
    config = newConfig();
    const coordinator = await coordinatorOf(config);
    const dashboard = await dashboardOf(config);
    const before = await coordinator.get(PATH);
    await coordinator.delete(PATH);
    await eventually('the node is back', () => coordinator.get(PATH));
    expect((await coordinator.get(PATH))?.data).toBe(before!.data);
    const client = new DashboardClient(dashboard.addr);
    await eventually('it leads again', async () => (await client.health()).lease === 'held');
    await client.addGroup(1);
    await client.removeGroup(1);
  });

  it('is taken again after the session has expired; no changes meanwhile', async () => {
    config = newConfig();
    const coordinator = await coordinatorOf(config);
    const { process: child, addr } = await processOf(config);
    child.kill('SIGSTOP');
    await eventually('the session has expired', async () => !(await coordinator.get(PATH)));
    const other = '{"addr": "192.0.2.1:18087", "pid": 1}';
    await coordinator.create(PATH, other);
    child.kill('SIGCONT');
    const client = new DashboardClient(addr);
    let isAdded = false;
    await eventually('it has seen that', async () => {
      const failure = await client.addGroup(1).catch((error: unknown) => error);
      isAdded = failure === undefined;
      return isAdded || String(failure).includes('held by the dashboard at 192.0.2.1:18087');
    });
    if (isAdded) {
      // Where nothing can be at that address it is found to be dead soon, and replaced.
      expect((await coordinator.get(PATH))?.data).toContain(addr);
    } else {
      expect(await client.listGroups()).toEqual([]);
    }
    // The node may be that of the dashboard again.
    const node = await coordinator.get(PATH);
    if (node?.data === other) {
      await coordinator.delete(PATH, node.version).catch((error: unknown) => {
        if (!(error instanceof NoNodeError || error instanceof BadVersionError)) throw error;
      });
    }
    await eventually('it leads again', async () => (await client.health()).lease === 'held');
    if (!isAdded) await client.addGroup(1);
    expect(await client.listGroups()).toHaveLength(1);
    await client.removeGroup(1);
  });
});

describe('what is written under the lease', () => {
  const paths = new Paths('test');

  /** A lease whose dashboard hears of nothing that happens to its node, as one that was stopped. */
  async function deafLease(config: Config): Promise<Lease> {
    const coordinator = await coordinatorOf(config);
    const deaf = new Proxy(coordinator, {
      get(target, name) {
        if (name === 'watchNode') return async () => ({ close: () => {} });
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    return newLease(deaf);
  }

  function newLease(coordinator: Coordinator): Lease {
    const lease = new Lease(coordinator, paths, async () => true, silentLog());
    cleanups.push(() => lease.release());
    return lease;
  }

  const RECORD = { type: 'create', path: `${paths.root}/record`, data: '' } as const;
  const REFUSED = 'this dashboard does not lead any more, nothing was changed';

  it('is not written by one whose node is gone', async () => {
    const config = testConfig();
    const coordinator = await coordinatorOf(config);
    const lease = await deafLease(config);
    await lease.contend('127.0.0.1:1');
    await coordinator.delete(PATH);
    expect(lease.state).toBe('held');
    await expect(lease.write([RECORD])).rejects.toThrow(REFUSED);
    expect(await coordinator.get(RECORD.path)).toBeNull();
    await eventually('it leads again', () => lease.state === 'held');
    await lease.write([RECORD]);
    expect(await coordinator.get(RECORD.path)).not.toBeNull();
  });

  it('is not written by one that was replaced', async () => {
    const config = testConfig();
    const coordinator = await coordinatorOf(config);
    const stale = await deafLease(config);
    await stale.contend('127.0.0.1:1');
    await coordinator.delete(PATH);
    const leader = newLease(await coordinatorOf(config));
    await leader.contend(`127.0.0.1:${await freePort()}`);
    expect([stale.state, leader.state]).toEqual(['held', 'held']);
    await expect(stale.write([RECORD])).rejects.toThrow(REFUSED);
    expect(await coordinator.get(RECORD.path)).toBeNull();
    await leader.write([RECORD]);
  });

  it('is not written beside a node that an original Codis made', async () => {
    const config = testConfig();
    const coordinator = await coordinatorOf(config);
    const stale = await deafLease(config);
    await stale.contend('127.0.0.1:1');
    await coordinator.delete(PATH);
    await coordinator.create(PATH, '{"addr": "192.0.2.1:18087", "pid": 1}');
    await expect(stale.write([RECORD])).rejects.toThrow(REFUSED);
    expect(await coordinator.get(RECORD.path)).toBeNull();
    await coordinator.delete(PATH);
  });
});

describe('starting', () => {
  it('says so when the port is in use, and leaves no lease', async () => {
    const config = testConfig();
    const blocker = createServer();
    cleanups.push(() => blocker.close());
    const port = await freePort();
    blocker.listen(port, '127.0.0.1');
    await once(blocker, 'listening');
    const starting = startDashboard(config, `localhost:${port}`);
    await expect(starting).rejects.toMatchObject({
      message: `the dashboard cannot listen on localhost:${port}: the port is in use`,
      hint: expect.stringContaining('--addr='),
    });
    const coordinator = await coordinatorOf(config);
    expect(await coordinator.get(PATH)).toBeNull();
  });
});
