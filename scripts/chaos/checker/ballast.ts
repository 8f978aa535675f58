import { slotOf } from '../../../cluster/slot-hash.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';

const AT_ONCE = 500;
const TIMEOUT_MS = 30_000;

/** Keys that nobody writes to: they make moves last, and must be where they belong at the end. */
export class Ballast {
  readonly count: number;
  readonly #bytes: number;

  constructor(count: number, bytes: number) {
    this.count = count;
    this.#bytes = bytes;
  }

  static keyOf(index: number): string {
    return `ballast:${index}`;
  }

  has(key: string): boolean {
    const index = Number(/^ballast:(\d+)$/.exec(key)?.[1] ?? -1);
    return index >= 0 && index < this.count;
  }

  /** @throws if a key cannot be written */
  async write(port: number): Promise<void> {
    await this.#each(
      port,
      (key, text) => ['SET', key, text],
      (key, found) => {
        if (found !== 'OK') throw new Error(`SET ${key}: ${found}`);
      },
    );
  }

  /** Reads all keys through the proxy at the port: each slot leads to the server that has it. */
  async check(port: number, findings: Findings): Promise<void> {
    await this.#each(
      port,
      (key) => ['GET', key],
      (key, found, text) => {
        if (found === text) return;
        const shownText = found === null ? 'nothing' : JSON.stringify(found.slice(0, 60));
        findings.difference(`GET ${key} (slot ${slotOf(key)}) on port ${port} gave ${shownText}`);
      },
    );
  }

  async #each(
    port: number,
    command: (key: string, text: string) => string[],
    take: (key: string, found: string | null, text: string) => void,
  ): Promise<void> {
    const connection = await Connection.open(port);
    try {
      for (let first = 0; first < this.count; first += AT_ONCE) {
        const keys = Array.from({ length: Math.min(AT_ONCE, this.count - first) }, (_, offset) =>
          Ballast.keyOf(first + offset),
        );
        const commands = keys.map((key) => command(key, this.#textOf(key)));
        const answers = await connection.exchange(commands, TIMEOUT_MS);
        for (const [index, key] of keys.entries()) {
          const value = answers[index]!.value;
          if (value === null) throw new Error(`port ${port}: ${connection.end}`);
          const found = value.value === null ? null : String(value.value);
          take(key, found, this.#textOf(key));
        }
      }
    } finally {
      connection.close();
    }
  }

  #textOf(key: string): string {
    return `${key} `.padEnd(this.#bytes, 'x');
  }
}
