import { eventually } from '../support/eventually.js';

/** What ioredis and node-redis have in common. */
interface Client {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
}

/** Several loops that write and read, one command after the other, until they are told to stop. */
export class Load {
  readonly errors: Error[] = [];
  done = 0;
  readonly #running: Promise<void>[];
  #isStopped = false;

  private constructor(client: Client, loops: number, prefix: string) {
    this.#running = Array.from({ length: loops }, (_, index) =>
      this.#run(client, `${prefix}${index}`),
    );
  }

  /** @param prefix of its keys: different for loads at one time */
  static of(client: Client, loops: number, prefix = 'load'): Load {
    return new Load(client, loops, prefix);
  }

  /** Resolves when so many more commands have been answered. */
  async passed(count: number): Promise<void> {
    const goal = this.done + count;
    await eventually(`${count} more commands are answered`, () => this.done >= goal);
  }

  async stop(): Promise<this> {
    this.#isStopped = true;
    await Promise.all(this.#running);
    return this;
  }

  async #run(client: Client, key: string): Promise<void> {
    for (let count = 0; !this.#isStopped; count++) {
      try {
        await client.set(key, String(count));
        this.done++;
        const found = await client.get(key);
        this.done++;
        if (found !== String(count)) throw new Error(`${key} is ${found} and not ${count}`);
      } catch (error) {
        this.errors.push(error as Error);
      }
    }
  }
}
