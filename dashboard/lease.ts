import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isLoopback, parseAddress } from '../base/address.js';
import { withDeadline } from '../base/deadline.js';
import { DeadlineError, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import {
  BadVersionError,
  type Coordinator,
  type Handle,
  NodeExistsError,
  NoNodeError,
  type Operation,
} from '../cluster/coordinator/coordinator.js';
import type { Paths } from '../cluster/paths.js';
import { LeaseHeldError, UnavailableError } from './errors.js';
import { type ProbeOutcome, probeAddress } from './probe.js';

/** How often a stand-by looks after the one that leads. */
const LOOK_AGAIN_MS = 1_000;
/**
 * So many looks in a row must find that nothing listens at the leader's address: it listens as long
 * as it leads.
 */
const REFUSALS = 2;
/** We end all the same if the coordinator is away: the session's end removes the node. */
const RELEASE_TIMEOUT_MS = 2_000;

/** `P/dashboard` */
const leaseRecord = z.object({ addr: z.string(), pid: z.number().int() });
type LeaseRecord = z.infer<typeof leaseRecord>;

/**
 * - `free`: not asked for yet
 * - `held`: we lead, our node is there
 * - `standby`: another dashboard leads, or nobody; we take over as soon as we can
 * - `released`: given back, for good
 */
export type LeaseState = 'free' | 'held' | 'standby' | 'released';

/** Of a node that we made and wrote once more; of any that others make it is 0 at first. */
const OWN_VERSION = 1;

/**
 * Who may change the cluster: the dashboard whose ephemeral node is at `P/dashboard`.
 *
 * One that was stopped for a while may not know yet that its session is over and another one leads.
 * So a {@link write} is done only where the node is ours still, and `P/dashboard_epoch`, which every
 * taking of the lease writes in the same step, has the version of when we took it: a fencing token
 * that the coordinator checks.
 */
export class Lease {
  readonly #coordinator: Coordinator;
  readonly #path: string;
  readonly #epochPath: string;
  readonly #isSameHost: (addr: string) => Promise<boolean>;
  readonly #log: Logger;
  readonly #handles: Handle[] = [];
  readonly #stopping = new AbortController();
  #state: LeaseState = 'free';
  #data = '';
  #epoch = 0;
  #holder: LeaseRecord | null = null;
  #waiting: Promise<void> | null = null;
  #wake: () => void = () => {};
  #onTaken: () => void = () => {};

  /** @param isSameHost whether the dashboard at that address runs on this machine */
  constructor(
    coordinator: Coordinator,
    paths: Paths,
    isSameHost: (addr: string) => Promise<boolean>,
    log: Logger,
  ) {
    this.#coordinator = coordinator;
    this.#path = paths.dashboard;
    this.#epochPath = paths.dashboardEpoch;
    this.#isSameHost = isSameHost;
    this.#log = log;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** host:port of the dashboard that leads, ours too; null: nobody does, as far as we know. */
  get leader(): string | null {
    if (this.#state === 'held') return readRecord(this.#data)?.addr ?? null;
    return this.#holder?.addr ?? null;
  }

  /** Called each time we begin to lead after {@link contend}. */
  onTaken(listener: () => void): void {
    this.#onTaken = listener;
  }

  /** @throws UnavailableError unless we hold the lease and the coordinator is there. */
  assertHeld(): void {
    this.#assertLeading();
    if (this.#coordinator.state !== 'connected') {
      throw new UnavailableError('the coordinator cannot be reached now, nothing was changed', {
        hint: 'check that ZooKeeper runs, then try again',
      });
    }
  }

  #assertLeading(): void {
    if (this.#state === 'held') return;
    const by = this.#holder ? `the dashboard at ${this.#holder.addr}` : 'nobody yet';
    throw new UnavailableError(`this dashboard does not lead now: the lease is held by ${by}`, {
      hint: 'try again in a moment',
    });
  }

  /**
   * All of the operations in one step, or none; nothing either if another dashboard leads by then.
   *
   * @throws UnavailableError if we do not lead, and what {@link Coordinator.multi} throws
   */
  async write(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    // A coordinator that is away for a moment is waited for, in the midst of a change: the fence
    // tells whether we still lead by then.
    this.#assertLeading();
    const fence: Operation[] = [
      { type: 'check', path: this.#path, version: OWN_VERSION },
      { type: 'check', path: this.#epochPath, version: this.#epoch },
    ];
    try {
      await this.#coordinator.multi([...fence, ...operations]);
    } catch (error) {
      const isRefused = error instanceof NoNodeError || error instanceof BadVersionError;
      if (!isRefused || fence.every(({ path }) => path !== error.path)) throw error;
      this.#lose('a write was refused: the lease is not ours any more');
      throw new UnavailableError('this dashboard does not lead any more, nothing was changed', {
        hint: 'try again in a moment',
      });
    }
  }

  /**
   * Removes what a dashboard left that is gone: its address refuses connections. To be called
   * before our own port is opened: we would answer for a dead one at the same address.
   *
   * @throws LeaseHeldError if an original Codis leads, which knows of no others.
   */
  async removeDead(): Promise<void> {
    for (let refusals = 1; ; refusals++) {
      const node = await this.#coordinator.get(this.#path);
      if (!node) return;
      const holder = readRecord(node.data);
      const answer = node.ephemeral ? await this.#probe(holder) : await probeOriginal(holder);
      if (answer !== 'refuses') {
        if (node.ephemeral) return;
        throw leaseHeld(this.#path, holder);
      }
      if (refusals < REFUSALS) {
        await sleep(LOOK_AGAIN_MS / 4);
        continue;
      }
      this.#log.warn({ data: node.data }, 'removing the node of a dashboard that is gone');
      await this.#deleteVersion(node.version);
      return;
    }
  }

  /**
   * Takes the lease, or stands by until it can; and takes it again whenever it is lost.
   *
   * @param addr host:port of our REST API.
   */
  async contend(addr: string): Promise<void> {
    // The spaces are those of Codis: whoever compares texts finds no difference.
    this.#data = `{"addr": ${JSON.stringify(addr)}, "pid": ${process.pid}}`;
    this.#handles.push(
      this.#coordinator.onNewSession(() => this.#lose('the coordinator session expired')),
      this.#coordinator.onState((state) => {
        if (state === 'expired') this.#lose('the coordinator session expired');
      }),
      await this.#coordinator.watchNode(this.#path, () => void this.#look()),
    );
    if (await this.#tryFirst()) this.#state = 'held';
    else this.#standBy();
  }

  /** Where the answer was lost with a connection, the next try finds out. */
  async #tryFirst(): Promise<boolean> {
    try {
      return await this.#tryToTake();
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.#log.warn({ reason: messageOf(error) }, 'the lease cannot be taken now');
      return false;
    }
  }

  /** Gives the lease back. Does not throw: what cannot be removed expires. */
  async release(): Promise<void> {
    const wasHeld = this.#state === 'held';
    this.#state = 'released';
    this.#stopping.abort();
    this.#wake();
    for (const handle of this.#handles) handle.close();
    await this.#waiting;
    if (!wasHeld || this.#coordinator.state === 'closed') return;
    try {
      await withDeadline(this.#coordinator.delete(this.#path), RELEASE_TIMEOUT_MS, 'coordinator');
    } catch (error) {
      if (error instanceof NoNodeError) return;
      this.#log.warn({ reason: messageOf(error) }, 'the lease stays until the session expires');
    }
  }

  /** After a change of the node: is it still ours? Or is it free? */
  async #look(): Promise<void> {
    if (this.#state === 'standby') this.#wake();
    if (this.#state !== 'held') return;
    try {
      const node = await this.#coordinator.get(this.#path);
      if (node?.data !== this.#data) this.#lose('the node was removed or replaced');
    } catch (error) {
      // The watch calls again when the coordinator is back.
      this.#log.warn({ reason: messageOf(error) }, 'cannot look after the lease');
    }
  }

  #lose(reason: string): void {
    if (this.#state !== 'held') return;
    this.#log.warn({ reason }, 'lease lost: no changes until it is taken again');
    this.#standBy();
  }

  #standBy(): void {
    this.#state = 'standby';
    this.#waiting = this.#wait().finally(() => {
      this.#waiting = null;
    });
  }

  async #wait(): Promise<void> {
    const { signal } = this.#stopping;
    let refusals = 0;
    let trouble = '';
    while (!signal.aborted) {
      const pause = new AbortController();
      this.#wake = () => pause.abort();
      try {
        if (await this.#tryToTake()) {
          this.#state = 'held';
          this.#log.info('lease taken');
          this.#onTaken();
          return;
        }
        refusals = (await this.#probe(this.#holder)) === 'refuses' ? refusals + 1 : 0;
        if (refusals >= REFUSALS) {
          refusals = 0;
          await this.#removeHolder();
          continue;
        }
        trouble = '';
      } catch (error) {
        if (messageOf(error) !== trouble) {
          trouble = messageOf(error);
          this.#log.warn({ reason: trouble }, 'the lease cannot be taken now');
        }
      }
      // Fails only when it is to end early.
      await sleep(LOOK_AGAIN_MS, undefined, { signal: pause.signal }).catch(() => undefined);
    }
  }

  /**
   * Whether the leader is there. An address of the loopback interface says nothing about another
   * machine: there only the end of its session counts.
   */
  async #probe(holder: LeaseRecord | null): Promise<ProbeOutcome> {
    if (!holder) return 'silent';
    const outcome = await probeAddress(holder.addr);
    if (outcome !== 'refuses' || !isLoopback(parseAddress(holder.addr, 'dashboard').host)) {
      return outcome;
    }
    return (await this.#isSameHost(holder.addr)) ? 'refuses' : 'silent';
  }

  /** The leader's process has gone, and its session has not expired yet. */
  async #removeHolder(): Promise<void> {
    const node = await this.#coordinator.get(this.#path);
    if (!node || readRecord(node.data)?.addr !== this.#holder?.addr) return;
    this.#log.warn({ data: node.data }, 'taking over from a dashboard that is gone');
    await this.#deleteVersion(node.version);
  }

  /** True if the node is ours. One that we made in a session that is over is made anew. */
  async #tryToTake(): Promise<boolean> {
    const node = await this.#coordinator.get(this.#path);
    if (node && node.data !== this.#data) {
      this.#holder = readRecord(node.data);
      return false;
    }
    this.#holder = null;
    if (node) await this.#deleteVersion(node.version);
    if (this.#stopping.signal.aborted) return false;
    try {
      await this.#take();
    } catch (error) {
      // Another one was faster, or makes itself known just now.
      if (!(error instanceof NodeExistsError || error instanceof BadVersionError)) throw error;
      const other = await this.#coordinator.get(this.#path);
      this.#holder = other && readRecord(other.data);
      return false;
    }
    // Stopped while the node was being made: it must not outlive us by a session timeout.
    if (!this.#stopping.signal.aborted) return true;
    await this.#coordinator.delete(this.#path);
    return false;
  }

  /** @throws NodeExistsError, BadVersionError if another dashboard takes it at the same time */
  async #take(): Promise<void> {
    const { path, data } = { path: this.#path, data: this.#data };
    const epoch = await this.#readEpoch();
    await this.#coordinator.multi([
      { type: 'create', path, data, ephemeral: 'session' },
      { type: 'set', path, data },
      { type: 'set', path: this.#epochPath, data, version: epoch },
    ]);
    this.#epoch = epoch + 1;
  }

  /** The version of the node that counts leaders; it is made where there is none. */
  async #readEpoch(): Promise<number> {
    for (;;) {
      const node = await this.#coordinator.get(this.#epochPath);
      if (node) return node.version;
      await this.#coordinator.create(this.#epochPath, '').catch((error: unknown) => {
        if (!(error instanceof NodeExistsError)) throw error;
      });
    }
  }

  async #deleteVersion(version: number): Promise<void> {
    try {
      await this.#coordinator.delete(this.#path, version);
    } catch (error) {
      // Gone, or another's already: the next look tells.
      if (!(error instanceof NoNodeError || error instanceof BadVersionError)) throw error;
    }
  }
}

/** An original Codis has no more than its node, which stays when it ends. */
async function probeOriginal(holder: LeaseRecord | null): Promise<ProbeOutcome> {
  return holder ? probeAddress(holder.addr) : 'refuses';
}

function readRecord(data: string): LeaseRecord | null {
  try {
    return leaseRecord.parse(JSON.parse(data));
  } catch {
    return null;
  }
}

function leaseHeld(path: string, holder: LeaseRecord | null): LeaseHeldError {
  const who = holder ? `at ${holder.addr}, pid ${holder.pid}` : `(its node: ${path})`;
  return new LeaseHeldError(`another dashboard ${who}, leads this product`.replace('),', ')'), {
    hint: 'use that one, or stop it first',
  });
}
