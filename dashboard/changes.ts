import { z } from 'zod';
import { messageOf } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { Logger } from '../base/log.js';
import {
  BadVersionError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  type Operation,
} from '../cluster/coordinator/coordinator.js';
import { action } from '../cluster/model/action.js';
import { isSameProxy, type ProxyRecord } from '../cluster/model/proxy.js';
import type { Store } from '../cluster/store.js';
import {
  type Announcement,
  type Broadcast,
  bytesOf,
  MAX_STEP_BYTES,
  type Prepared,
  type Published,
} from './broadcast.js';
import { ChangeQueue } from './change-queue.js';
import { ConflictError, SilentProxyError, UnavailableError } from './errors.js';
import type { Fences } from './fences.js';
import type { Lease } from './lease.js';
import { Pen } from './pen.js';

/** The records of a change, and what the proxies are told of them. */
export interface Step {
  readonly writes: readonly Operation[];
  readonly announcements: readonly Announcement[];
}

export interface Change extends Step {
  /** Names the change in the log and in errors: `slots 0-511 to group 1`. */
  readonly what: string;
  /**
   * - `unconfirmed`: proxies are told and not waited for
   * - `or undo`: every proxy has to acknowledge; if one does not, `undo` is done
   * - `stands`: every proxy has to acknowledge; if one does not, the change is not taken back.
   *   Whether there are proxies that cannot be asked is not looked at: there is no way back
   * - `briefly`: proxies are waited for, but no longer than `waitMs`; a silent one is told in the
   *   log alone
   */
  readonly confirm: 'unconfirmed' | 'or undo' | 'stands' | 'briefly';
  /** For `briefly`. */
  readonly waitMs?: number;
  /** Takes the change back; for `or undo`. */
  readonly undo?: Step;
  /** Called when the records are written and announced, before anybody is waited for. */
  readonly onWritten?: () => void;
  /** Names its fault points: `<name>-saved`, `<name>-announced`, `<name>-confirmed`. */
  readonly name?: string;
}

const announcements = z.array(action);

/** Carries changes of the cluster out: one at a time, and each as one step that can be taken back. */
export class Changes {
  readonly #store: Store;
  readonly #broadcast: Broadcast;
  readonly #fences: Fences;
  readonly #lease: Lease;
  readonly #ackTimeoutMs: number;
  readonly #log: Logger;
  readonly #queue = new ChangeQueue();
  readonly #pen = new Pen();
  #isClosed = false;

  constructor(
    store: Store,
    broadcast: Broadcast,
    fences: Fences,
    lease: Lease,
    ackTimeoutMs: number,
    log: Logger,
  ) {
    this.#store = store;
    this.#broadcast = broadcast;
    this.#fences = fences;
    this.#lease = lease;
    this.#ackTimeoutMs = ackTimeoutMs;
    this.#log = log;
  }

  /**
   * Runs `work`, which validates and then applies, while no other change is being made.
   *
   * @throws UnavailableError if we do not lead, and what `work` throws.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(() => this.#withPen(work));
  }

  /**
   * As {@link run}, without waiting for changes that have been written and wait for proxies to
   * acknowledge them: for what cannot wait, and touches none of the records that they may take back.
   */
  runUrgently<T>(work: () => Promise<T>): Promise<T> {
    return this.#withPen(work);
  }

  #withPen<T>(work: () => Promise<T>): Promise<T> {
    return this.#pen.hold(async () => {
      if (this.#isClosed) throw new UnavailableError('the dashboard is stopping');
      this.#lease.assertHeld();
      await this.#announceLeftovers();
      this.#lease.assertHeld();
      return work();
    });
  }

  /** Announces what was written and not announced before we were stopped or cut off. */
  recover(): Promise<void> {
    return this.run(async () => {});
  }

  /** Waits for the change under way; refuses all others. */
  async close(): Promise<void> {
    await this.#queue.close();
    this.#isClosed = true;
    // An urgent one may be under way.
    await this.#pen.hold(async () => {});
  }

  /** @throws UnresolvedFenceError if a change could not be confirmed by every proxy there is. */
  assertConfirmable(): Promise<void> {
    return this.#fences.assertResolved();
  }

  /**
   * Saves the records in one atomic step, announces them, and waits for the acknowledgements.
   * To be called within `run`.
   *
   * @throws UnresolvedFenceError before anything is written.
   * @throws ConflictError if somebody else changed the same records; nothing was written.
   * @throws SilentProxyError naming who did not acknowledge, and what became of the change.
   */
  async apply(change: Change): Promise<void> {
    if (change.confirm === 'or undo') await this.assertConfirmable();
    const published = await this.#carryOut(change);
    this.#log.info({ change: change.what }, 'change written and announced');
    change.onWritten?.();
    if (change.name) faultPoint(`${change.name}-announced`);
    if (change.confirm === 'unconfirmed') return;
    const silent = await this.#silentReceivers(published, change.waitMs);
    if (silent.length === 0) {
      await this.#askThoseMissed(change, published);
      this.#log.info({ change: change.what }, 'change confirmed');
      if (change.name) faultPoint(`${change.name}-confirmed`);
      return;
    }
    this.#log.error(
      { change: change.what, silent: silent.map((proxy) => proxy.id) },
      'unconfirmed',
    );
    if (change.confirm === 'briefly') return;
    throw change.undo
      ? await this.#takeBack(change.what, change.undo, silent)
      : silence(silent, this.#ackTimeoutMs, `${change.what} stands all the same`);
  }

  /**
   * A proxy whose node went between our first look at the fences and the listing of the receivers
   * was not asked. It may be away still, which its fence shows, or be back, and act by the records
   * of before until it has read them again: then everyone is asked once more. So may one that came
   * after the receivers were listed, and read the records before they were written.
   *
   * @throws UnresolvedFenceError, SilentProxyError; the change was taken back
   */
  async #askThoseMissed(change: Change, published: readonly Published[]): Promise<void> {
    const asked = published.flatMap(({ receivers }) => receivers);
    try {
      if (change.confirm === 'or undo') await this.assertConfirmable();
    } catch (error) {
      if (change.undo) await this.#takeBack(change.what, change.undo, []);
      throw error;
    }
    const present = await this.#broadcast.listReceivers();
    if (present.every((proxy) => asked.some((other) => isSameProxy(proxy, other)))) return;
    this.#log.warn({ change: change.what }, 'a proxy came back unasked: asking all again');
    const again = await this.#announce(change.announcements);
    const silent = await this.#silentReceivers(again);
    if (silent.length === 0) return this.#askThoseMissed(change, [...published, ...again]);
    throw change.undo
      ? await this.#takeBack(change.what, change.undo, silent)
      : silence(silent, this.#ackTimeoutMs, `${change.what} stands all the same`);
  }

  /**
   * Writes the records and makes the actions, in one atomic step where they fit into one; else the
   * records go with a note of what is to be announced, so that it will be, whatever happens to us.
   */
  async #carryOut(step: Step & { readonly name?: string }): Promise<readonly Published[]> {
    const { coordinator, paths } = this.#store;
    const prepared = await this.#broadcast.prepare(step.announcements);
    const all = [...step.writes, ...prepared.operations];
    if (bytesOf(all) <= MAX_STEP_BYTES) {
      try {
        await this.#save(all);
      } catch (error) {
        this.#broadcast.forgetNumbers();
        // Perhaps it was the numbers that were taken, and not the records.
        if (!(error instanceof ConflictError) || prepared.numbers === 'given') throw error;
        return this.#carryOut(step);
      }
      if (step.name) faultPoint(`${step.name}-saved`);
      return prepared.published;
    }
    const note = step.announcements.map((announcement) => ({
      ...announcement,
      desc: '',
      ts: '0',
      receivers: null,
    }));
    await this.#save([
      ...step.writes,
      { type: 'create', path: paths.unannounced, data: JSON.stringify(note) },
    ]);
    if (step.name) faultPoint(`${step.name}-saved`);
    await this.#publish(prepared);
    await coordinator.delete(paths.unannounced);
    return prepared.published;
  }

  /**
   * Writes records that proxies need not be told of, in one atomic step. To be called within `run`.
   *
   * @throws UnavailableError if another dashboard leads by now
   */
  save(operations: readonly Operation[]): Promise<void> {
    return this.#lease.write(operations);
  }

  async #save(operations: readonly Operation[]): Promise<void> {
    try {
      await this.#lease.write(operations);
    } catch (error) {
      throw isClash(error)
        ? new ConflictError(`somebody else changed the cluster meanwhile: ${messageOf(error)}`, {
            hint: 'look at its state, then try again',
            cause: error,
          })
        : error;
    }
  }

  /** Records that are written already are told of. */
  async #announce(all: readonly Announcement[]): Promise<readonly Published[]> {
    const prepared = await this.#broadcast.prepare(all);
    await this.#publish(prepared);
    return prepared.published;
  }

  async #publish(prepared: Prepared): Promise<void> {
    try {
      await this.#broadcast.publish(prepared);
    } catch (error) {
      this.#broadcast.forgetNumbers();
      throw error;
    }
  }

  #silentReceivers(
    all: readonly Published[],
    timeoutMs = this.#ackTimeoutMs,
  ): Promise<ProxyRecord[]> {
    return this.#pen.lend(() => this.#broadcast.awaitAcknowledgements(all, timeoutMs));
  }

  /** The error for the operator, after the old records are back and the proxies told. */
  async #takeBack(what: string, undo: Step, silent: ProxyRecord[]): Promise<SilentProxyError> {
    const published = await this.#carryOut(undo);
    // Those that had taken the change must be back before we say so. The silent ones cannot be
    // worse than they were, and are not waited for.
    const others = published.map(({ seq, receivers }) => ({
      seq,
      receivers: receivers.filter(({ id }) => silent.every((proxy) => proxy.id !== id)),
    }));
    const stillSilent = await this.#silentReceivers(others);
    this.#log.warn({ change: what, stillSilent: stillSilent.map(({ id }) => id) }, 'taken back');
    return silence([...silent, ...stillSilent], this.#ackTimeoutMs, `${what} was taken back`);
  }

  async #announceLeftovers(): Promise<void> {
    const { coordinator, paths } = this.#store;
    const node = await coordinator.get(paths.unannounced);
    if (!node) return;
    this.#log.warn({ data: node.data }, 'announcing a change that was written and not announced');
    let left: Announcement[] = [];
    try {
      left = announcements.parse(JSON.parse(node.data));
    } catch (error) {
      // Not ours, then: in the way of every change, and of use to nobody.
      this.#log.error({ path: paths.unannounced, err: error }, 'cannot be read: removed');
    }
    await this.#announce(left);
    await this.#store.deleteIfPresent(paths.unannounced);
  }
}

function isClash(error: unknown): boolean {
  return (
    error instanceof NoNodeError ||
    error instanceof NodeExistsError ||
    error instanceof BadVersionError ||
    error instanceof NotEmptyError
  );
}

function silence(silent: ProxyRecord[], timeoutMs: number, outcome: string): SilentProxyError {
  const names = silent.map((proxy) => `${proxy.id} (${proxy.addr})`).join(' and ');
  return new SilentProxyError(
    `proxy ${names} did not acknowledge within ${timeoutMs / 1000} s: ${outcome}`,
    { hint: 'look after that proxy; if it cannot be saved, stop it and try again' },
  );
}
