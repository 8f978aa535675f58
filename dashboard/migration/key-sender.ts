import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../base/address.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { RedisReplyError } from '../errors.js';
import type { OwnCommands } from './client-load.js';
import type { GroupMaster } from './masters.js';
import type { Pace } from './pace.js';
import type { ReplicaConfirmation } from './replica-confirmation.js';
import { type CommandPart, ServerConnection, wantsNoPassword } from './server-connection.js';
import { predictedStallMs } from './stall.js';

/**
 * For how long the source, which does nothing else meanwhile, waits for the target to take and
 * answer what it was sent. A target that hangs must not stop the source for longer.
 */
const TARGET_TIMEOUT_MS = 1_000;
/** For a key whose transfer alone takes long: so many times the time predicted. */
const TIMEOUT_FACTOR = 10;
const REPLY_MARGIN_MS = 5_000;

/** A target that was promoted, is loading its data or was away for a moment: tried again so often. */
const ATTEMPTS = 5;
const RETRY_MS = 200;
const TRANSIENT = /IOERR|READONLY|LOADING|BUSY |MASTERDOWN|TRYAGAIN|NOREPLICAS/;

/** The source is not the master of its group any more: begin again at the one that is. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';
}

/** Keys of one database for one group. */
export interface Batch {
  readonly database: number;
  readonly targetGroup: number;
  readonly keys: Buffer[];
  /** As far as it is known. */
  bytes: number;
}

export interface SenderOptions {
  readonly sourceGroup: number;
  readonly password: string;
  /** A group's master, looked up for every batch. */
  readonly masterOf: (groupId: number) => Promise<GroupMaster>;
  /** Of these slots those whose source has failed over since their keys began to move. */
  readonly keepingTarget: (slotIds: readonly number[]) => Promise<ReadonlySet<number>>;
  readonly replicas: ReplicaConfirmation;
  readonly pace: Pace;
  readonly own: OwnCommands;
  /** Throws when we may not move keys any more. */
  readonly assertAllowed: () => void;
  readonly onMoved: (batch: Batch) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Sends batches of keys with MIGRATE, one at a time: the source is busy for as long as one takes,
 * and serves its clients in between.
 *
 * A target with replicas gets copies first; the source deletes its keys when a replica of the target
 * has them. So a key that is nowhere else is never on the target alone.
 *
 * First without REPLACE: a MIGRATE that is late, in the buffers of a server that hung, must not
 * overwrite what clients have changed since. Where the target has a key already (after an IOERR it may
 * be on both sides) the source's copy counts as long as it is there (I4 of the hand-off), and replaces
 * it; but not where the source has failed over meanwhile: it may have keys that had been moved and
 * deleted, so that the target's copy is the newer one, or equal. NOKEY is success: a client's
 * command has pulled the keys, or they have expired.
 */
export class KeySender {
  readonly #source: ServerConnection;
  readonly #options: SenderOptions;
  readonly #withoutPassword = new Set<string>();
  #database = -1;
  /** For how long the batch has kept the source from everything else. */
  #busyMs = 0;
  #underWay: Promise<void> = Promise.resolve();

  /** @param source used for nothing else. */
  constructor(source: ServerConnection, options: SenderOptions) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * Sends the batch when the one before has gone, and does not wait for its own end.
   *
   * @throws what went wrong with those before: SourceChangedError, AbortError, OperatorError
   */
  async send(batch: Batch): Promise<void> {
    await this.#underWay;
    this.#options.signal.throwIfAborted();
    this.#underWay = this.#move(batch);
    // Whoever calls next is told.
    this.#underWay.catch(() => undefined);
  }

  /** Resolves when nothing is under way. @throws as `send` */
  settled(): Promise<void> {
    return this.#underWay;
  }

  async #move(batch: Batch): Promise<void> {
    const { pace, signal, assertAllowed, onMoved } = this.#options;
    await pace.turn(batch.keys.length, signal);
    for (let attempt = 1; ; attempt++) {
      assertAllowed();
      const target = await this.#resolve(batch.targetGroup);
      const { addr } = target;
      this.#busyMs = 0;
      const error = await this.#transfer(batch, target);
      if (error === null) {
        onMoved(batch);
        await pace.rest(this.#busyMs, signal);
        return;
      }
      if (wantsNoPassword(error) && !this.#withoutPassword.has(addr)) {
        this.#withoutPassword.add(addr);
        continue;
      }
      if (error.startsWith('READONLY')) throw new SourceChangedError(error);
      const about = { target: addr, attempt, error, keys: batch.keys.length };
      this.#options.log.warn(about, 'keys not moved');
      if (attempt >= ATTEMPTS || !TRANSIENT.test(error)) {
        throw new RedisReplyError(
          `keys cannot be moved from ${this.#source.addr} to ${addr}: ${error}`,
        );
      }
      await sleep(RETRY_MS * attempt, undefined, { signal });
      // Every attempt stops the source while it waits for the target: ask the target first.
      if (error.startsWith('IOERR')) await this.#assertAnswers(batch.targetGroup);
    }
  }

  async #resolve(targetGroup: number): Promise<GroupMaster> {
    const { masterOf, sourceGroup } = this.#options;
    const [source, target] = await Promise.all([masterOf(sourceGroup), masterOf(targetGroup)]);
    if (source.addr !== this.#source.addr) {
      throw new SourceChangedError(`the master of group ${sourceGroup} is ${source.addr} now`);
    }
    return target;
  }

  /** Null if the source has none of the keys any more; else a server's error. */
  async #transfer(batch: Batch, target: GroupMaster): Promise<string | null> {
    const how = target.hasReplicas ? 'copy' : 'move';
    const error = await this.#migrate(batch, target.addr, [how]);
    if (error?.includes('BUSYKEY')) return this.#transferAll(batch, target, how);
    if (error !== null || how === 'move') return error;
    return this.#deleteCopied(batch.keys, target);
  }

  /** {@link #transfer} where the target has some of the keys, or had a moment ago. */
  async #transferAll(
    batch: Batch,
    target: GroupMaster,
    how: 'copy' | 'move',
  ): Promise<string | null> {
    const slotIds = batch.keys.map((key) => slotOfKey(key, 0, key.length));
    const keeping = await this.#options.keepingTarget([...new Set(slotIds)]);
    const kept = batch.keys.filter((_, index) => keeping.has(slotIds[index]!));
    const replaced = batch.keys.filter((_, index) => !keeping.has(slotIds[index]!));
    if (replaced.length > 0) {
      const rest = { ...batch, keys: replaced };
      const error = await this.#migrate(rest, target.addr, [how, 'replace']);
      if (error !== null) return error;
    }
    // One by one: of several keys MIGRATE tells only the first error.
    for (const key of kept) {
      const error = await this.#migrate({ ...batch, keys: [key] }, target.addr, ['copy']);
      if (error !== null && !error.includes('BUSYKEY')) return error;
    }
    return this.#deleteCopied(how === 'copy' ? batch.keys : kept, target);
  }

  /** Deletes at the source what the target has, once that outlives the target. */
  async #deleteCopied(keys: readonly Buffer[], target: GroupMaster): Promise<string | null> {
    if (keys.length === 0) return null;
    const { replicas, signal, assertAllowed } = this.#options;
    try {
      await replicas.confirm(target, signal);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return `IOERR ${messageOf(error)}`;
    }
    assertAllowed();
    const [reply] = await this.#source.pipeline([['UNLINK', ...keys]]);
    return reply!.type === 'error' ? reply!.value : null;
  }

  /** Null if the keys are on the target, or nowhere; else the server's error. */
  async #migrate(
    batch: Batch,
    target: string,
    how: readonly ('copy' | 'move' | 'replace')[],
  ): Promise<string | null> {
    const { host, port } = parseAddress(target, 'target');
    const { password, pace, own } = this.#options;
    const timeoutMs = Math.max(TARGET_TIMEOUT_MS, predictedStallMs(batch.bytes) * TIMEOUT_FACTOR);
    if (batch.database !== this.#database) {
      await this.#source.call(['SELECT', String(batch.database)]);
      this.#database = batch.database;
    }
    const command: CommandPart[] = [
      ...['MIGRATE', host, String(port), '', String(batch.database), String(timeoutMs)],
      ...(how.includes('copy') ? ['COPY'] : []),
      ...(how.includes('replace') ? ['REPLACE'] : []),
      ...(password !== '' && !this.#withoutPassword.has(target) ? ['AUTH', password] : []),
      'KEYS',
      ...batch.keys,
    ];
    const begin = performance.now();
    const [reply] = await this.#source.pipeline([command], timeoutMs + REPLY_MARGIN_MS);
    const tookMs = performance.now() - begin;
    this.#busyMs += tookMs;
    pace.note(batch.keys.length, tookMs);
    own.note(target, batch.keys.length + (password === '' ? 0 : 1));
    return reply!.type === 'error' ? reply!.value : null;
  }

  async #assertAnswers(targetGroup: number): Promise<void> {
    const { addr } = await this.#options.masterOf(targetGroup);
    const target = await ServerConnection.open(addr, this.#options.password);
    try {
      await target.call(['PING'], TARGET_TIMEOUT_MS);
    } finally {
      target.close();
    }
  }
}
