import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../base/address.js';
import type { Logger } from '../../base/log.js';
import { RedisReplyError } from '../errors.js';
import type { OwnCommands } from './client-load.js';
import type { Pace } from './pace.js';
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
  /** The address of a group's master, looked up for every batch. */
  readonly masterAddr: (groupId: number) => Promise<string>;
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
 * Always with REPLACE: after an IOERR a key may be on both sides, and the source's copy is the one
 * that counts as long as it is there (I4 of the hand-off). NOKEY is success: a client's command has
 * pulled the keys, or they have expired.
 */
export class KeySender {
  readonly #source: ServerConnection;
  readonly #options: SenderOptions;
  readonly #withoutPassword = new Set<string>();
  #database = -1;
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
      const beginMs = performance.now();
      const error = await this.#migrate(batch, target);
      const tookMs = performance.now() - beginMs;
      if (error === null) {
        onMoved(batch);
        await pace.rest(tookMs, signal);
        return;
      }
      if (wantsNoPassword(error) && !this.#withoutPassword.has(target)) {
        this.#withoutPassword.add(target);
        continue;
      }
      if (error.startsWith('READONLY')) throw new SourceChangedError(error);
      this.#options.log.warn({ target, attempt, error, keys: batch.keys.length }, 'keys not moved');
      if (attempt >= ATTEMPTS || !TRANSIENT.test(error)) {
        throw new RedisReplyError(
          `keys cannot be moved from ${this.#source.addr} to ${target}: ${error}`,
        );
      }
      await sleep(RETRY_MS * attempt, undefined, { signal });
      // Every attempt stops the source while it waits for the target: ask the target first.
      if (error.startsWith('IOERR')) await this.#assertAnswers(batch.targetGroup);
    }
  }

  async #resolve(targetGroup: number): Promise<string> {
    const { masterAddr, sourceGroup } = this.#options;
    const [source, target] = await Promise.all([masterAddr(sourceGroup), masterAddr(targetGroup)]);
    if (source !== this.#source.addr) {
      throw new SourceChangedError(`the master of group ${sourceGroup} is ${source} now`);
    }
    return target;
  }

  /** Null if the keys are on the target, or nowhere; else the server's error. */
  async #migrate(batch: Batch, target: string): Promise<string | null> {
    const { host, port } = parseAddress(target, 'target');
    const { password, pace, own } = this.#options;
    const timeoutMs = Math.max(TARGET_TIMEOUT_MS, predictedStallMs(batch.bytes) * TIMEOUT_FACTOR);
    if (batch.database !== this.#database) {
      await this.#source.call(['SELECT', String(batch.database)]);
      this.#database = batch.database;
    }
    const command: CommandPart[] = [
      ...['MIGRATE', host, String(port), '', String(batch.database), String(timeoutMs), 'REPLACE'],
      ...(password !== '' && !this.#withoutPassword.has(target) ? ['AUTH', password] : []),
      'KEYS',
      ...batch.keys,
    ];
    const begin = performance.now();
    const [reply] = await this.#source.pipeline([command], timeoutMs + REPLY_MARGIN_MS);
    pace.note(batch.keys.length, performance.now() - begin);
    own.note(target, batch.keys.length + (password === '' ? 0 : 1));
    return reply!.type === 'error' ? reply!.value : null;
  }

  async #assertAnswers(targetGroup: number): Promise<void> {
    const addr = await this.#options.masterAddr(targetGroup);
    const target = await ServerConnection.open(addr, this.#options.password);
    try {
      await target.call(['PING'], TARGET_TIMEOUT_MS);
    } finally {
      target.close();
    }
  }
}
