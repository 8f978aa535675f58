import { Redis } from 'ioredis';
import type { Address } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { Servers } from '../bench/servers.js';

/** What tests are run against: one redis-server, or a proxy over two groups. */
export type TargetName = 'plain' | 'proxy';

const ANSWER_TIMEOUT_MS = 5_000;

/** The servers of one target. */
export class TestTarget {
  readonly name: TargetName;
  #servers: Servers | null = null;
  #address: Address | null = null;

  constructor(name: TargetName) {
    this.name = name;
  }

  /**
   * New servers, in place of those there were: units leave settings and scripts behind.
   *
   * @returns where the tests connect
   */
  async start(): Promise<Address> {
    await this.stop();
    const servers = new Servers();
    this.#servers = servers;
    await servers.startBackends();
    const { address } =
      this.name === 'plain' ? servers.backends[0]! : await servers.startOurs(null);
    this.#address = address;
    return address;
  }

  /** What a unit has done to the servers that it must not; null: all of them run and answer. */
  async complaint(): Promise<string | null> {
    try {
      this.#servers!.checkAlive();
      await answersPing(this.#address!);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = null;
    await servers?.stop();
  }

  killNow(): void {
    this.#servers?.killNow();
  }
}

async function answersPing({ host, port }: Address): Promise<void> {
  const redis = new Redis({
    ...{ host, port, lazyConnect: true, enableReadyCheck: false },
    ...{ commandTimeout: ANSWER_TIMEOUT_MS, maxRetriesPerRequest: 0, retryStrategy: null },
  });
  // Whoever waits for the reply is told.
  redis.on('error', () => {});
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
