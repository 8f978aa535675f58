import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';
import { TcpLink } from '../../support/tcp-link.js';
import { command, HaCluster } from './ha-cluster.js';

/** The master's port at this address leads to it, too. */
const LINK_HOST = '127.0.0.2';

let ha: HaCluster;
let master: RedisServer;
let replica: RedisServer;
let link: TcpLink;
let load: Increments;

/** Increments a counter, and goes on after errors. */
class Increments {
  acknowledged = 0;
  readonly errors: string[] = [];
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(port: number) {
    this.#done = this.#run(port);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(port: number): Promise<void> {
    const client = await RespClient.connect(port);
    while (!this.#isStopped) {
      const reply = await client.text('INCR', 'counter');
      if (reply === `:${this.acknowledged + 1}\r\n`) this.acknowledged++;
      else this.errors.push(reply.trim());
    }
    client.close();
  }
}

beforeEach(async () => {
  ha = await HaCluster.start({ replicas: 1, proxies: 1, proxyArgs: ['--cpu=2'] });
  [master, replica] = ha.servers as [RedisServer, RedisServer];
  link = await TcpLink.at(LINK_HOST, master.port);
  await eventually('the replica follows by the link', async () => {
    const info = String(await command(replica, 'INFO', 'replication'));
    if (info.includes(`master_host:${LINK_HOST}`)) return info.includes('link_status:up');
    await command(replica, 'REPLICAOF', LINK_HOST, String(master.port));
    return false;
  });
  load = new Increments(ha.cluster.proxy.port);
  await goesOn();
});

afterEach(async () => {
  await load.stop();
  link.close();
  await ha.stop();
});

async function goesOn(): Promise<void> {
  const before = load.acknowledged;
  await eventually('clients go on', () => load.acknowledged > before + 50);
}

async function valueAt(server: RedisServer): Promise<number> {
  return Number(await command(server, 'GET', 'counter'));
}

describe('a planned promotion', () => {
  it('is taken back when the replica does not catch up; clients see a wait', async () => {
    link.stall();
    await expect(ha.client.promote(1, replica.addr)).rejects.toThrow(/does not catch up/);
    await goesOn();
    expect(await ha.master()).toBe(master);
    expect(load.errors).toEqual([]);
  });

  it('is as if it had not been when its dashboard is killed behind a closed gate', async () => {
    await ha.cluster.restartDashboard('promotion-gate-closed');
    await ha.client.promote(1, replica.addr).catch(() => undefined);
    await ha.cluster.dashboard.process.exited;
    await goesOn();
    await ha.cluster.restartDashboard();
    expect(await ha.master()).toBe(master);
    expect(load.errors).toEqual([]);
    await ha.client.promote(1, replica.addr);
    await goesOn();
    expect(await ha.master()).toBe(replica);
    expect(load.errors).toEqual([]);
    await load.stop();
    expect(await valueAt(replica)).toBe(load.acknowledged);
  });

  it('is carried through by the next dashboard when the servers are exchanged', async () => {
    await ha.cluster.restartDashboard('promotion-switched');
    await ha.client.promote(1, replica.addr).catch(() => undefined);
    await ha.cluster.dashboard.process.exited;
    await ha.cluster.restartDashboard();
    await eventually('the promotion is on record', async () => (await ha.master()) === replica);
    await goesOn();
    await load.stop();
    // In between the former master refuses: nothing is acknowledged that would be lost.
    expect(load.errors.filter((error) => !error.startsWith('-READONLY'))).toEqual([]);
    expect(await valueAt(replica)).toBe(load.acknowledged);
  });
});
