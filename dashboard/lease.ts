import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Backoff } from '../base/backoff.js';
import { withDeadline } from '../base/deadline.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import {
  BadVersionError,
  type Coordinator,
  type Handle,
  NodeExistsError,
  NoNodeError,
} from '../cluster/coordinator/coordinator.js';
import { LeaseHeldError, UnavailableError } from './errors.js';
import { probeAddress } from './probe.js';

/** How often we look whether the node of a dashboard that was killed has expired. */
const LOOK_AGAIN_MS = 200;
/** What a coordinator may need beyond the session timeout until it drops a dead session's node. */
const EXPIRY_MARGIN_MS = 5_000;
/** We end all the same if the coordinator is away: the session's end removes the node. */
const RELEASE_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** `P/dashboard` */
const leaseRecord = z.object({ addr: z.string(), pid: z.number().int() });
type LeaseRecord = z.infer<typeof leaseRecord>;

/**
 * - `free`: not taken yet
 * - `held`: we lead, our node is there
 * - `lost`: our node went (session expired, or somebody removed it); being taken again
 * - `released`: given back, for good
 */
export type LeaseState = 'free' | 'held' | 'lost' | 'released';

/** Who may change the cluster: the dashboard whose ephemeral node is at `P/dashboard`. */
export class Lease {
  readonly #coordinator: Coordinator;
  readonly #path: string;
  readonly #sessionTimeoutMs: number;
  readonly #log: Logger;
  readonly #handles: Handle[] = [];
  readonly #stopping = new AbortController();
  #state: LeaseState = 'free';
  #data = '';
  #holder: LeaseRecord | null = null;
  #retaking: Promise<void> | null = null;
  #onRetaken: () => void = () => {};

  constructor(coordinator: Coordinator, path: string, sessionTimeoutMs: number, log: Logger) {
    this.#coordinator = coordinator;
    this.#path = path;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#log = log;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** Called each time a lost lease is ours again. */
  onRetaken(listener: () => void): void {
    this.#onRetaken = listener;
  }

  /** @throws UnavailableError unless we hold the lease and the coordinator is there. */
  assertHeld(): void {
    if (this.#state !== 'held') {
      const by = this.#holder ? `the dashboard at ${this.#holder.addr}` : 'nobody yet';
      throw new UnavailableError(`this dashboard does not lead now: the lease is held by ${by}`, {
        hint: 'try again in a moment',
      });
    }
    if (this.#coordinator.state !== 'connected') {
      throw new UnavailableError('the coordinator cannot be reached now, nothing was changed', {
        hint: 'check that ZooKeeper runs, then try again',
      });
    }
  }

  /**
   * Resolves when no other dashboard has the lease. Removes what a dashboard left that is gone:
   * the persistent node of an original Codis whose address does not answer; waits for the
   * ephemeral one of a killed process to expire.
   *
   * To be called before our own port is opened: we would answer for a dead one at the same address.
   *
   * @throws LeaseHeldError if a dashboard that is alive has it.
   */
  async awaitFree(): Promise<void> {
    const deadline = Date.now() + this.#sessionTimeoutMs + EXPIRY_MARGIN_MS;
    for (let attempt = 0; ; attempt++) {
      const node = await this.#coordinator.get(this.#path);
      if (!node) return;
      const holder = readRecord(node.data);
      const answer = holder ? await probeAddress(holder.addr) : 'refuses';
      if (answer === 'accepts' || Date.now() > deadline) throw leaseHeld(this.#path, holder);
      if (!node.ephemeral) {
        this.#log.warn({ data: node.data }, 'replacing the node of a dashboard that is gone');
        await this.#deleteVersion(node.version);
        continue;
      }
      if (attempt === 0) {
        this.#log.warn(
          { holder, waitMs: this.#sessionTimeoutMs },
          'waiting for the node of a dashboard that does not answer to expire',
        );
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /**
   * Takes the lease and keeps it: takes it again whenever it is lost.
   *
   * @param addr host:port of our REST API.
   * @throws LeaseHeldError if another was faster.
   */
  async take(addr: string): Promise<void> {
    // The spaces are those of Codis: whoever compares texts finds no difference.
    this.#data = `{"addr": ${JSON.stringify(addr)}, "pid": ${process.pid}}`;
    try {
      await this.#coordinator.create(this.#path, this.#data, { ephemeral: 'session' });
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
      const node = await this.#coordinator.get(this.#path);
      throw leaseHeld(this.#path, node && readRecord(node.data));
    }
    this.#state = 'held';
    this.#handles.push(
      this.#coordinator.onNewSession(() => this.#lose('the coordinator session expired')),
      this.#coordinator.onState((state) => {
        if (state === 'expired') this.#lose('the coordinator session expired');
      }),
      await this.#coordinator.watchNode(this.#path, () => void this.#look()),
    );
  }

  /** Gives the lease back. Does not throw: what cannot be removed expires. */
  async release(): Promise<void> {
    const wasHeld = this.#state === 'held';
    this.#state = 'released';
    this.#stopping.abort();
    for (const handle of this.#handles) handle.close();
    await this.#retaking;
    if (!wasHeld || this.#coordinator.state === 'closed') return;
    try {
      await withDeadline(this.#coordinator.delete(this.#path), RELEASE_TIMEOUT_MS, 'coordinator');
    } catch (error) {
      if (error instanceof NoNodeError) return;
      this.#log.warn({ reason: messageOf(error) }, 'the lease stays until the session expires');
    }
  }

  /** After a change of the node: is it still ours? Nothing to do while it is being taken again. */
  async #look(): Promise<void> {
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
    this.#state = 'lost';
    this.#log.warn({ reason }, 'lease lost: no changes until it is taken again');
    this.#retaking = this.#retake().finally(() => {
      this.#retaking = null;
    });
  }

  async #retake(): Promise<void> {
    const { signal } = this.#stopping;
    const backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
    while (!signal.aborted) {
      try {
        if (await this.#tryAgain()) {
          this.#state = 'held';
          this.#holder = null;
          this.#log.info('lease taken again');
          this.#onRetaken();
          return;
        }
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, 'the lease cannot be taken now');
      }
      // Fails only by the abort, which the loop's condition sees.
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** True if the node is ours. One that we made in a session that is over is made anew. */
  async #tryAgain(): Promise<boolean> {
    const node = await this.#coordinator.get(this.#path);
    if (node && node.data !== this.#data) {
      this.#holder = readRecord(node.data);
      return false;
    }
    if (node) await this.#deleteVersion(node.version);
    if (this.#stopping.signal.aborted) return false;
    try {
      await this.#coordinator.create(this.#path, this.#data, { ephemeral: 'session' });
    } catch (error) {
      if (error instanceof NodeExistsError) return false;
      throw error;
    }
    // Stopped while the node was being made: it must not outlive us by a session timeout.
    if (!this.#stopping.signal.aborted) return true;
    await this.#coordinator.delete(this.#path);
    return false;
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
