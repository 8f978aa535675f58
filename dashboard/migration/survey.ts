import { slotOfKey } from '../../cluster/slot-hash.js';
import { isTemporaryKey } from './chunk/temporary-key.js';
import type { KeyLists } from './key-lists.js';
import { type KeyPage, scanKeys } from './key-scan.js';
import type { Pace } from './pace.js';
import type { ServerConnection } from './server-connection.js';

/** Stalls both servers for a third of a second. */
export const LARGE_KEY_BYTES = 64 * 1024 * 1024;

/** Keys from this size on are remembered one by one, and make their batches smaller. */
const NOTED_KEY_BYTES = 16 * 1024;
/** About 20 MB of our memory; with more of them every key is asked for its size when it moves. */
const MAX_NOTED_KEYS = 200_000;

export interface LargeKey {
  readonly slotId: number;
  readonly database: number;
  /** The key's bytes. */
  readonly key: Buffer;
  readonly bytes: number;
}

/** What a server has of some slots. Of a survey cut short: extrapolated from what was seen. */
export interface Survey {
  readonly keys: number;
  readonly bytes: number;
  readonly keysBySlot: ReadonlyMap<number, number>;
  readonly bytesBySlot: ReadonlyMap<number, number>;
  /** Keys of at least the size asked for, largest first. */
  readonly largeKeys: readonly LargeKey[];
  /** The largest keys, whatever their size, largest first. */
  readonly largest: readonly LargeKey[];
  readonly sizes: KeySizes;
  /** False: the time was over before all keys were seen. */
  readonly isComplete: boolean;
}

export interface SurveyOptions {
  readonly isWanted: (slotId: number) => boolean;
  readonly through: 'index' | 'all keys';
  /** Keys from this size on are listed as large. */
  readonly largeBytes: number;
  /** Stop, and extrapolate, after this time. */
  readonly withinMs?: number;
  /** Looked at between pages. */
  readonly signal?: AbortSignal;
  /** Are filled with the keys' names. */
  readonly lists?: KeyLists;
  /** How much of the server's time is taken; without it, all that there is. */
  readonly pace?: Pace;
}

const LARGEST_SHOWN = 10;

/** Counts and measures the keys of some slots. Reads only, a fraction of a millisecond at a time. */
export async function surveySlots(
  server: ServerConnection,
  options: SurveyOptions,
): Promise<Survey> {
  const deadline = options.withinMs === undefined ? Infinity : Date.now() + options.withinMs;
  const tally = new Tally(options.largeBytes, options.lists);
  let isComplete = true;
  let beginMs = performance.now();
  let measuring: { page: KeyPage; sizes: Promise<number[]> } | null = null;
  for await (const page of scanKeys(server, options.isWanted, options.through)) {
    options.signal?.throwIfAborted();
    const sizes = measureKeys(server, page.keys);
    // Whoever stops here leaves it unread.
    sizes.catch(() => undefined);
    // The page before is counted while the server measures this one.
    if (measuring) tally.add(measuring.page, await measuring.sizes);
    measuring = { page, sizes };
    if (Date.now() > deadline) {
      isComplete = false;
      break;
    }
    await options.pace?.rest(performance.now() - beginMs, options.signal);
    beginMs = performance.now();
  }
  if (measuring) tally.add(measuring.page, await measuring.sizes);
  return tally.survey(isComplete);
}

/** Adds pages of keys up. */
class Tally {
  readonly #largeBytes: number;
  readonly #lists: KeyLists | undefined;
  readonly #keysBySlot = new Map<number, number>();
  readonly #bytesBySlot = new Map<number, number>();
  readonly #sizes = new KeySizes();
  readonly #largeKeys: LargeKey[] = [];
  #largest: LargeKey[] = [];
  #seenShare = 1;

  constructor(largeBytes: number, lists: KeyLists | undefined) {
    this.#largeBytes = largeBytes;
    this.#lists = lists;
  }

  add({ database, keys, seen, total }: KeyPage, sizes: readonly number[]): void {
    this.#seenShare = Math.min(1, seen / Math.max(1, total));
    for (const [index, key] of keys.entries()) {
      if (isTemporaryKey(key)) continue;
      const bytes = sizes[index]!;
      const slotId = slotOfKey(key, 0, key.length);
      this.#keysBySlot.set(slotId, (this.#keysBySlot.get(slotId) ?? 0) + 1);
      this.#bytesBySlot.set(slotId, (this.#bytesBySlot.get(slotId) ?? 0) + bytes);
      this.#sizes.note(database, key, bytes);
      this.#lists?.note(slotId, database, key);
      if (bytes < NOTED_KEY_BYTES && this.#largest.length >= LARGEST_SHOWN) continue;
      // A copy: the key's bytes are a part of a whole page's.
      const entry = { slotId, database, key: Buffer.from(key), bytes };
      if (bytes >= this.#largeBytes) this.#largeKeys.push(entry);
      this.#largest.push(entry);
      if (this.#largest.length > 4 * LARGEST_SHOWN) this.#largest = firstOf(this.#largest);
    }
  }

  survey(isComplete: boolean): Survey {
    if (!isComplete && this.#seenShare > 0) {
      for (const map of [this.#keysBySlot, this.#bytesBySlot]) {
        for (const [slotId, value] of map) map.set(slotId, Math.round(value / this.#seenShare));
      }
    }
    return {
      keys: sum(this.#keysBySlot),
      bytes: sum(this.#bytesBySlot),
      keysBySlot: this.#keysBySlot,
      bytesBySlot: this.#bytesBySlot,
      largeKeys: this.#largeKeys.sort((one, other) => other.bytes - one.bytes),
      largest: firstOf(this.#largest),
      sizes: this.#sizes,
      isComplete,
    };
  }
}

/** MEMORY USAGE of each key, of the database selected; 0 for a key that is not there. */
export async function measureKeys(
  server: ServerConnection,
  keys: readonly Buffer[],
): Promise<number[]> {
  const replies = await server.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key]));
  return replies.map((reply) => (reply.type === 'integer' ? Number(reply.value) : 0));
}

/** The sizes of those keys that are not small. */
export class KeySizes {
  readonly #sizes = new Map<string, number>();
  #overflowed = false;

  /** Too many to be remembered: ask the server. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  note(database: number, key: Buffer, bytes: number): void {
    if (bytes < NOTED_KEY_BYTES || this.#overflowed) return;
    this.#sizes.set(nameOf(database, key), bytes);
    if (this.#sizes.size <= MAX_NOTED_KEYS) return;
    this.#overflowed = true;
    this.#sizes.clear();
  }

  /** The size that was seen; for a small key, or one made since, 0. */
  of(database: number, key: Buffer): number {
    if (this.#sizes.size === 0) return 0;
    return this.#sizes.get(nameOf(database, key)) ?? 0;
  }
}

function nameOf(database: number, key: Buffer): string {
  return `${database} ${key.toString('latin1')}`;
}

function firstOf(keys: readonly LargeKey[]): LargeKey[] {
  return [...keys].sort((one, other) => other.bytes - one.bytes).slice(0, LARGEST_SHOWN);
}

function sum(map: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const value of map.values()) total += value;
  return total;
}
