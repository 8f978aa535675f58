import type { Logger } from '../../base/log.js';
import type { MoveOptions } from '../../cluster/model/migrate-job.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { isTemporaryKey } from './chunk/temporary-key.js';
import { type KeyPage, scanKeys } from './key-scan.js';
import { type Batch, KeySender, type SenderOptions } from './key-sender.js';
import { Pace } from './pace.js';
import { ServerConnection } from './server-connection.js';
import { type KeySizes, measureKeys } from './survey.js';

/** What is to be moved, and how. */
export interface Move {
  readonly sourceGroup: number;
  /** The group that each slot goes to. All of them are in `migrate` at every proxy. */
  readonly targets: ReadonlyMap<number, number>;
  readonly options: MoveOptions;
  /** From a survey made shortly before. */
  readonly sizes: KeySizes;
  readonly onMoved: (batch: Batch) => void;
  readonly signal: AbortSignal;
}

export interface MoverSettings {
  readonly product: string;
  readonly password: string;
  readonly masterAddr: (groupId: number) => Promise<string>;
  /** Throws when we may not move keys any more. */
  readonly assertAllowed: () => void;
  readonly log: Logger;
}

/** Moves keys; knows nothing of slot records and proxies. */
export interface Mover {
  /**
   * Resolves when the source has no key of these slots left, in any database (I5 of the hand-off).
   *
   * Whatever it throws, no MIGRATE of ours is under way then, unless the source does not answer.
   *
   * @throws SourceChangedError, AbortError, OperatorError
   */
  moveUntilEmpty(source: ServerConnection, move: Move): Promise<void>;
}

/** Names our connections to servers, so that those of a dashboard that died can be ended. */
export function moverName(product: string): string {
  return `codis-mover-${product}`;
}

/**
 * The mover for a stock Redis, which has no index of slots: passes over all of its keys, each of
 * which serves all the slots. No key of theirs can come into being here meanwhile, so a pass that
 * finds none is the proof that none is left.
 */
export class ScanMover implements Mover {
  readonly #settings: MoverSettings;

  constructor(settings: MoverSettings) {
    this.#settings = settings;
  }

  async moveUntilEmpty(source: ServerConnection, move: Move): Promise<void> {
    const { password, product } = this.#settings;
    const line = await ServerConnection.open(source.addr, password, moverName(product));
    const pace = new Pace(move.options);
    const sender = new KeySender(line, {
      ...this.#settings,
      sourceGroup: move.sourceGroup,
      pace,
      onMoved: move.onMoved,
      signal: move.signal,
    } satisfies SenderOptions);
    try {
      while ((await this.#pass(source, new Batches(sender, move.targets, pace), move)) > 0);
    } finally {
      // After an abort the last batch may still be under way.
      await sender.settled().catch(() => undefined);
      line.close();
    }
  }

  /** @returns the number of keys found. */
  async #pass(source: ServerConnection, batches: Batches, move: Move): Promise<number> {
    const { targets, sizes, signal } = move;
    let found = 0;
    for await (const page of scanKeys(source, (slotId) => targets.has(slotId))) {
      signal.throwIfAborted();
      this.#settings.assertAllowed();
      const keys = await withoutCopies(source, page);
      found += keys.length;
      const measured = sizes.overflowed ? await measureKeys(source, keys) : null;
      for (const [index, key] of keys.entries()) {
        const bytes = measured?.[index] ?? sizes.of(page.database, key);
        await batches.add(page.database, key, bytes);
      }
    }
    await batches.flush();
    return found;
  }
}

/**
 * Copies of large keys are made on the target. Those that a source has of a slot were begun when the
 * slot moved towards it, and given up.
 */
async function withoutCopies(source: ServerConnection, { keys }: KeyPage): Promise<Buffer[]> {
  const copies = keys.filter(isTemporaryKey);
  if (copies.length > 0) await source.call(['UNLINK', ...copies]);
  return keys.filter((key) => !isTemporaryKey(key));
}

/** Gathers keys until there are enough of them for a batch. */
class Batches {
  readonly #sender: KeySender;
  readonly #targets: ReadonlyMap<number, number>;
  readonly #pace: Pace;
  readonly #gathering = new Map<number, Batch>();

  constructor(sender: KeySender, targets: ReadonlyMap<number, number>, pace: Pace) {
    this.#sender = sender;
    this.#targets = targets;
    this.#pace = pace;
  }

  async add(database: number, key: Buffer, bytes: number): Promise<void> {
    const target = this.#targets.get(slotOfKey(key, 0, key.length))!;
    let batch = this.#gathering.get(target);
    // A batch is of one database; and a key that fills one by itself goes alone.
    const isElsewhere = batch && batch.database !== database;
    const isTooMuch = batch && batch.keys.length > 0 && this.#pace.isFull(1, batch.bytes + bytes);
    if (batch && (isElsewhere || isTooMuch)) {
      this.#gathering.delete(target);
      await this.#sender.send(batch);
      batch = undefined;
    }
    batch ??= { database, targetGroup: target, keys: [], bytes: 0 };
    this.#gathering.set(target, batch);
    batch.keys.push(key);
    batch.bytes += bytes;
    if (!this.#pace.isFull(batch.keys.length, batch.bytes)) return;
    this.#gathering.delete(target);
    await this.#sender.send(batch);
  }

  /** Sends what is left; resolves when all has gone. */
  async flush(): Promise<void> {
    const batches = [...this.#gathering.values()];
    this.#gathering.clear();
    for (const batch of batches) await this.#sender.send(batch);
    await this.#sender.settled();
  }
}
