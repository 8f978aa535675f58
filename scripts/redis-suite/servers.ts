import { Redis } from 'ioredis';
import type { Address } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { Servers } from '../bench/servers.js';

/** What tests are run against: one redis-server, or a proxy over two groups. */
export type TargetName = 'plain' | 'proxy';

const ANSWER_TIMEOUT_MS = 5_000;

/** The servers of one target, started when they are needed and again when they are in doubt. */
export class TestTarget {
  readonly name: TargetName;
  #servers: Servers | null = null;
  #address: Address | null = null;

  constructor(name: TargetName) {
    this.name = name;
  }

  /** Where the next unit's tests connect: servers that run, without keys and functions. */
  async ready(): Promise<Address> {
    if (!this.#servers || !this.#address) return this.#start();
    return this.#address;
  }

  /**
   * To be called after a unit: empties the servers.
   *
   * @returns what was wrong with the servers, which are started anew then; null: nothing
   */
  async tidyUp(wasOrderly: boolean): Promise<string | null> {
    const complaint = await this.#empty();
    // What a unit that was cut off has left is not known, such as settings.
    if (complaint !== null || !wasOrderly) await this.stop();
    return complaint;
  }

  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = null;
    this.#address = null;
    await servers?.stop();
  }

  killNow(): void {
    this.#servers?.killNow();
  }

  async #start(): Promise<Address> {
    const servers = new Servers();
    this.#servers = servers;
    await servers.startBackends();
    const { address } =
      this.name === 'plain' ? servers.backends[0]! : await servers.startOurs(null);
    this.#address = address;
    return address;
  }

  async #empty(): Promise<string | null> {
    try {
      this.#servers!.checkAlive();
      for (const { address } of this.#servers!.backends) {
        await ask(address, [['flushall'], ['function', 'flush'], ['script', 'flush']]);
      }
      await ask(this.#address!, [['ping']]);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }
}

async function ask({ host, port }: Address, commands: readonly string[][]): Promise<void> {
  const redis = new Redis({
    ...{ host, port, lazyConnect: true, enableReadyCheck: false },
    ...{ commandTimeout: ANSWER_TIMEOUT_MS, maxRetriesPerRequest: 0, retryStrategy: null },
  });
  // Whoever waits for a reply is told.
  redis.on('error', () => {});
  try {
    for (const [name, ...args] of commands) await redis.call(name!, ...args);
  } finally {
    redis.disconnect();
  }
}
