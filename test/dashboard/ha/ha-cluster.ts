import { setTimeout as sleep } from 'node:timers/promises';
import { withRedis } from '../../../dashboard/service/redis-connection.js';
import { TestCluster } from '../../support/cluster.js';
import { eventually } from '../../support/eventually.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

/** Redis 7 waits 5 s for more replicas before it synchronises the first. */
export const REDIS_ARGS = ['--repl-diskless-sync-delay', '0'];

/** One group with replicas, proxies and a dashboard that watches, as processes. */
export class HaCluster {
  readonly cluster: TestCluster;
  readonly servers: RedisServer[];

  private constructor(cluster: TestCluster, servers: RedisServer[]) {
    this.cluster = cluster;
    this.servers = servers;
  }

  static async start(options: {
    replicas: number;
    proxies: number;
    config?: Record<string, string | number>;
    proxyArgs?: readonly string[];
  }): Promise<HaCluster> {
    const cluster = await TestCluster.start({
      groups: 1,
      proxies: options.proxies,
      dashboard: 'process',
      config: { ha_down_after: 500, ha_min_interval: 0, ...options.config },
      redisArgs: REDIS_ARGS,
      proxyArgs: options.proxyArgs ?? [],
    });
    const ha = new HaCluster(cluster, [...cluster.groups]);
    for (let count = 0; count < options.replicas; count++) {
      const replica = await startRedis(REDIS_ARGS);
      ha.servers.push(replica);
      await cluster.dashboard.client.addServer(1, replica.addr, 'slave');
    }
    await ha.isWhole();
    return ha;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  get client() {
    return this.cluster.dashboard.client;
  }

  async types(): Promise<Record<string, string>> {
    const { servers } = await this.client.getGroup(1);
    return Object.fromEntries(servers!.map(({ addr, type }) => [addr, type]));
  }

  /** The server that is the master on record. */
  async master(): Promise<RedisServer> {
    const types = await this.types();
    return this.servers.find(({ addr }) => types[addr] === 'master')!;
  }

  /** Starts a server again where it was. */
  async restart(server: RedisServer, args: readonly string[] = []): Promise<RedisServer> {
    const again = await startRedis([...REDIS_ARGS, ...args], server.port);
    this.servers[this.servers.indexOf(server)] = again;
    return again;
  }

  /** All servers but `except` are masters or slaves, in touch and watched; all observers report. */
  async isWhole(except: readonly RedisServer[] = []): Promise<void> {
    await eventually('the group is whole and watched', async () => {
      const { groups, observers } = await this.client.haStatus();
      const [group] = groups;
      const expected = this.servers.length - except.length - 1;
      return (
        group?.health === 'healthy' &&
        group.replicas.filter(({ refusal }) => refusal === '').length === expected &&
        observers.length === this.cluster.proxies.length + 1 &&
        observers.every(({ error }) => error === '') &&
        Object.values(group.silent_ms).every((ms) => ms !== null)
      );
    });
  }

  async otherMaster(than: RedisServer): Promise<RedisServer> {
    return eventually('another master is on record', async () => {
      const master = await this.master();
      return master === than ? null : master;
    });
  }
}

export function command(server: RedisServer, ...args: string[]) {
  return withRedis(server.addr, '', (redis) => redis.command(...args));
}

/** A client that writes one key after another, each once, and remembers what it was told. */
export class Writer {
  readonly acknowledged: string[] = [];
  readonly errors: string[] = [];
  /** When each acknowledgement came, by performance.now(). */
  readonly times: number[] = [];
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(port: number, name: string, pauseMs = 0) {
    this.#done = this.#run(port, name, pauseMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /** The longest time without an acknowledgement after `since`. */
  longestGapMs(since: number): number {
    const times = [since, ...this.times.filter((at) => at > since)];
    return Math.max(...times.slice(1).map((at, index) => at - times[index]!));
  }

  async #run(port: number, name: string, pauseMs: number): Promise<void> {
    const client = await RespClient.connect(port);
    for (let count = 0; !this.#isStopped; count++) {
      const key = `${name}:${count}`;
      const reply = await client.text('SET', key, String(count));
      if (reply === '+OK\r\n') {
        this.acknowledged.push(key);
        this.times.push(performance.now());
      } else {
        this.errors.push(reply.trim());
        await sleep(5);
      }
      if (pauseMs > 0) await sleep(pauseMs);
    }
    client.close();
  }
}
