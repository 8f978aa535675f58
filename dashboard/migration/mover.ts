import type { Logger } from '../../base/log.js';
import type { MoveOptions } from '../../cluster/model/migrate-job.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { isTemporaryKey } from './chunk/temporary-key.js';
import { ClientLoad, type OwnCommands } from './client-load.js';
import type { KeyLists } from './key-lists.js';
import { type KeyPage, quickestWay, scanKeys } from './key-scan.js';
import { type Batch, KeySender, type SenderOptions, SourceChangedError } from './key-sender.js';
import { Pace } from './pace.js';
import { ReplicaConfirmation } from './replica-confirmation.js';
import { ServerConnection } from './server-connection.js';
import { type KeySizes, measureKeys } from './survey.js';

/** Keys of a list that are measured at once, where they have to be. */
const PORTION_KEYS = 256;

/** What is to be moved, and how. */
export interface Move {
  readonly sourceGroup: number;
  /** The group that each slot goes to. */
  readonly targets: ReadonlyMap<number, number>;
  readonly options: MoveOptions;
  readonly onMoved: (batch: Batch) => void;
  readonly signal: AbortSignal;
}

export interface MoverSettings {
  readonly product: string;
  readonly password: string;
  readonly masterOf: SenderOptions['masterOf'];
  readonly keepingTarget: SenderOptions['keepingTarget'];
  /** Throws when we may not move keys any more. */
  readonly assertAllowed: () => void;
  readonly own: OwnCommands;
  readonly log: Logger;
}

/** Names our connections to servers, so that those of a dashboard that died can be ended. */
export function moverName(product: string): string {
  return `codis-mover-${product}`;
}

/** Moves keys from one server; knows nothing of slot records and proxies. */
export class Mover {
  /** For reading; keys move on a connection of their own. */
  readonly source: ServerConnection;
  readonly pace: Pace;
  /** How keys of slots are found. */
  readonly through: 'index' | 'all keys';
  readonly #settings: MoverSettings;
  readonly #move: Move;
  readonly #line: ServerConnection;
  readonly #watching: readonly ServerConnection[];
  readonly #sender: KeySender;
  readonly #replicas: ReplicaConfirmation;
  /** What a survey made shortly before knows of the keys' sizes; null: the server is asked. */
  sizes: KeySizes | null = null;

  private constructor(settings: MoverSettings, move: Move, lines: Lines) {
    this.#settings = settings;
    this.#move = move;
    this.source = lines.source;
    this.pace = lines.pace;
    this.through = lines.through;
    this.#line = lines.line;
    this.#watching = lines.watching;
    this.#replicas = new ReplicaConfirmation(settings);
    this.#sender = new KeySender(lines.line, {
      ...settings,
      replicas: this.#replicas,
      sourceGroup: move.sourceGroup,
      pace: lines.pace,
      onMoved: move.onMoved,
      signal: move.signal,
    } satisfies SenderOptions);
  }

  /** @throws RedisUnreachableError, RedisPasswordError, OperatorError for a group without master */
  static async open(settings: MoverSettings, move: Move): Promise<Mover> {
    const { masterOf, password, product } = settings;
    const opened: ServerConnection[] = [];
    const open = async (addr: string, name?: string): Promise<ServerConnection> => {
      const connection = await ServerConnection.open(addr, password, name);
      opened.push(connection);
      return connection;
    };
    try {
      const { addr } = await masterOf(move.sourceGroup);
      const source = await open(addr);
      const line = await open(addr, moverName(product));
      const load = new ClientLoad(settings.own);
      await load.watch(source, [line]);
      const watching: ServerConnection[] = [];
      for (const groupId of new Set(move.targets.values())) {
        const target = await open((await masterOf(groupId)).addr);
        watching.push(target);
        await load.watch(target);
      }
      const pace = new Pace(move.options, load);
      const through = await quickestWay(source, move.targets.size);
      return new Mover(settings, move, { source, line, watching, pace, through });
    } catch (error) {
      for (const connection of opened) connection.close();
      throw error;
    }
  }

  /**
   * Sends the keys on these lists; they may have gone by other ways meanwhile. Resolves when the
   * source has none of them any more.
   *
   * @param slotIds all of them in `migrate` at every proxy
   * @throws SourceChangedError, AbortError, OperatorError
   */
  async sendListed(lists: KeyLists, slotIds: readonly number[]): Promise<void> {
    const batches = this.#newBatches();
    for (const slotId of slotIds) {
      for (const { database, keys } of lists.of(slotId)) {
        for (const some of portions(keys)) await this.#add(batches, database, some);
      }
      lists.drop(slotId);
    }
    await batches.flush();
  }

  /**
   * Resolves when the source has no key of these slots left, in any database (I5 of the hand-off).
   *
   * None of theirs can come into being there, as all of them are in `migrate` at every proxy. So a
   * key that is there at the end of a pass over all keys was there at its beginning, has been found,
   * and moved. An index of slots is asked until it knows of none.
   *
   * @param lists gets the keys of the slots that it has begun with
   * @throws SourceChangedError, AbortError, OperatorError
   */
  async sweep(slotIds: readonly number[], lists: KeyLists): Promise<void> {
    const swept = new Set(slotIds);
    const found = await this.#pass(swept, lists);
    if (found > 0 && this.through === 'index') while ((await this.#pass(swept, null)) > 0);
    await this.#confirmSource();
  }

  /** A replica of the source must not bring keys back that it has not heard the deletion of. */
  async #confirmSource(): Promise<void> {
    const { masterOf } = this.#settings;
    const { sourceGroup, signal } = this.#move;
    const master = await masterOf(sourceGroup);
    if (master.addr !== this.source.addr) {
      throw new SourceChangedError(`the master of group ${sourceGroup} is ${master.addr} now`);
    }
    await this.#replicas.confirm(master, signal);
  }

  /** @returns the number of keys found of the slots, all of which have been moved */
  async #pass(slotIds: ReadonlySet<number>, lists: KeyLists | null): Promise<number> {
    const { signal } = this.#move;
    const batches = this.#newBatches();
    const isWanted = (slotId: number) => slotIds.has(slotId) || lists?.wants(slotId) === true;
    let found = 0;
    let beginMs = performance.now();
    for await (const page of scanKeys(this.source, isWanted, this.through)) {
      signal.throwIfAborted();
      this.#settings.assertAllowed();
      const keys = (await withoutCopies(this.source, page)).filter((key) => {
        const slotId = slotOfKey(key, 0, key.length);
        lists?.note(slotId, page.database, key);
        return slotIds.has(slotId);
      });
      found += keys.length;
      const tookMs = performance.now() - beginMs;
      await this.#add(batches, page.database, keys);
      await this.pace.rest(tookMs, signal);
      beginMs = performance.now();
    }
    await batches.flush();
    return found;
  }

  async #add(batches: Batches, database: number, keys: readonly Buffer[]): Promise<void> {
    if (keys.length === 0) return;
    const { sizes } = this;
    const measured = !sizes || sizes.overflowed ? await this.#measure(database, keys) : null;
    for (const [index, key] of keys.entries()) {
      await batches.add(database, key, measured?.[index] ?? sizes!.of(database, key));
    }
  }

  async #measure(database: number, keys: readonly Buffer[]): Promise<number[]> {
    await this.source.call(['SELECT', String(database)]);
    return measureKeys(this.source, keys);
  }

  /** Resolves when no MIGRATE of ours is under way, unless the source does not answer. */
  async close(): Promise<void> {
    await this.#sender.settled().catch(() => undefined);
    for (const connection of [this.source, this.#line, ...this.#watching]) connection.close();
    this.#replicas.close();
  }

  #newBatches(): Batches {
    return new Batches(this.#sender, this.#move.targets, this.pace);
  }
}

interface Lines {
  readonly source: ServerConnection;
  readonly line: ServerConnection;
  readonly watching: readonly ServerConnection[];
  readonly pace: Pace;
  readonly through: Mover['through'];
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

function* portions(keys: Iterable<Buffer>): Generator<readonly Buffer[]> {
  let some: Buffer[] = [];
  for (const key of keys) {
    some.push(key);
    if (some.length < PORTION_KEYS) continue;
    yield some;
    some = [];
  }
  yield some;
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
