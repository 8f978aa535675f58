import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, parseAddress } from '../../base/address.js';
import { Backoff } from '../../base/backoff.js';
import { withDeadline } from '../../base/deadline.js';
import { DeadlineError, messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { ClosedError, type SessionState } from './coordinator.js';
import { StateKeeper } from './state-keeper.js';
import {
  ConnectionLostError,
  type SessionKey,
  ZooKeeperConnection,
} from './zookeeper-connection.js';

export interface SessionOptions {
  /** host:port, several separated by commas. */
  servers: string;
  sessionTimeoutMs: number;
  /** How long a call may take, waiting for a connection included. */
  requestDeadlineMs: number;
  log: Logger;
}

/** What the session's owner does with each new connection. */
export interface ConnectionHooks {
  /**
   * Makes the connection ready for calls, before anyone else uses it. A ConnectionLostError thrown
   * here means the next connection.
   *
   * @param newSession the ids of our sessions before, if this one replaces an expired one.
   */
  prepare(connection: ZooKeeperConnection, newSession: { past: Buffer[] } | null): Promise<void>;
  /** The state is `connected` now. Not called for the first connection. */
  resumed(session: 'same' | 'new'): void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;

/** Keeps one ZooKeeper session, over connections that come and go, or the next one after it. */
export class ZooKeeperSession {
  readonly states: StateKeeper;
  readonly #options: SessionOptions;
  readonly #hooks: ConnectionHooks;
  readonly #log: Logger;
  readonly #servers: Address[];
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  readonly #closing = new AbortController();
  readonly #pastSessions: Buffer[] = [];
  #nextServer: number;
  #connection: ZooKeeperConnection | null = null;
  #key: SessionKey | null = null;
  #zxid: Buffer | null = null;
  #connectedAt = performance.now();
  #lastFailure = '';
  #running: Promise<void>;

  constructor(options: SessionOptions, hooks: ConnectionHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#log = options.log;
    this.states = new StateKeeper(options.log);
    this.#servers = options.servers.split(',').map((text) => parseAddress(text, 'zk'));
    // Many processes with the same configuration spread over the ensemble.
    this.#nextServer = Math.floor(Math.random() * this.#servers.length);
    this.#running = this.#keepConnected();
  }

  /** Why the last attempt to connect failed; empty if none did. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /**
   * Does something with a connection, once there is one.
   *
   * @param what names it in errors.
   * @param onLoss what to do if the connection ends before the answer: `retry` on the next one, or
   * `fail`, for what must not be done twice.
   * @throws DeadlineError, ClosedError, and what `work` throws.
   */
  async run<T>(
    what: string,
    onLoss: 'retry' | 'fail',
    work: (connection: ZooKeeperConnection, attempt: number) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = this.#options.requestDeadlineMs;
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt++) {
      const leftMs = Math.max(1, Math.ceil(deadlineMs - (performance.now() - startedAt)));
      if (!this.#connection) await this.states.reached('connected', leftMs, `ZooKeeper (${what})`);
      const connection = this.#connection;
      if (!connection) continue;
      try {
        return await withDeadline(work(connection, attempt), leftMs, `ZooKeeper (${what})`);
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error;
        if (this.states.state === 'closed') throw new ClosedError();
        if (onLoss === 'fail') {
          throw new DeadlineError(`${what}: the outcome is unknown; ${error.message}`);
        }
        // `lost` runs its course before the next attempt, or this would spin.
        await connection.lost;
      }
    }
  }

  /** Ends the session; on the server too, if there is a connection. */
  async close(): Promise<void> {
    if (this.states.state === 'closed') return this.#running;
    const connection = this.#connection;
    this.#connection = null;
    this.states.change('closed');
    this.#closing.abort();
    await connection?.close();
    await this.#running;
  }

  async #keepConnected(): Promise<void> {
    while (this.states.state !== 'closed') {
      const outcome = await this.#connectOnce();
      if (outcome === 'failed') {
        await sleep(this.#backoff.nextMs(), undefined, { signal: this.#closing.signal }).catch(
          () => undefined,
        );
      }
    }
  }

  /** One connection, from its making to its end. `failed`: wait before the next. */
  async #connectOnce(): Promise<'failed' | 'ended'> {
    const server = this.#servers[this.#nextServer++ % this.#servers.length]!;
    const connection = new ZooKeeperConnection({
      server,
      sessionTimeoutMs: this.#options.sessionTimeoutMs,
      session: this.#key,
      zxid: this.#zxid,
    });
    const stop = (): void => connection.drop('closed by us');
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    try {
      if ((await connection.open()) === 'expired') {
        this.#expire();
        return 'ended';
      }
      this.#key = connection.session;
      const { state } = this.states;
      await this.#hooks.prepare(
        connection,
        state === 'expired' ? { past: this.#pastSessions } : null,
      );
      this.#closing.signal.throwIfAborted();
      // From here on `close` ends the connection in order.
      this.#closing.signal.removeEventListener('abort', stop);
      this.#serve(connection, state);
    } catch (error) {
      connection.drop(messageOf(error));
      this.#noteFailure(connection.server, messageOf(error));
      return 'failed';
    } finally {
      this.#closing.signal.removeEventListener('abort', stop);
    }

    const servedSince = performance.now();
    const reason = await connection.lost;
    this.#zxid = connection.zxid;
    this.#connectedAt = performance.now();
    if (this.states.state === 'closed') return 'ended';
    this.#connection = null;
    this.#lastFailure = reason;
    this.#log.warn({ server: connection.server, reason }, 'the connection to ZooKeeper was lost');
    this.states.change('suspended');
    // A server that takes us in only to throw us out is not asked again at once.
    if (this.#connectedAt - servedSince < LAST_RETRY_MS) return 'failed';
    this.#backoff.reset();
    return 'ended';
  }

  #serve(connection: ZooKeeperConnection, before: SessionState): void {
    this.#connection = connection;
    this.#lastFailure = '';
    const session = this.#key?.id.toString('hex');
    this.#log.info({ server: connection.server, session }, 'connected to ZooKeeper');
    this.states.change('connected');
    if (before !== 'connecting') this.#hooks.resumed(before === 'expired' ? 'new' : 'same');
  }

  #expire(): void {
    this.#log.warn({ session: this.#key?.id.toString('hex') }, 'the ZooKeeper session has expired');
    if (this.#key) this.#pastSessions.push(this.#key.id);
    this.#key = null;
    if (this.states.state !== 'closed') this.states.change('expired');
  }

  #noteFailure(server: string, reason: string): void {
    if (this.states.state === 'closed') return;
    if (reason !== this.#lastFailure) this.#log.warn({ server, reason }, 'no ZooKeeper connection');
    this.#lastFailure = reason;
    // Servers refuse a client that has seen more than they have. After so long they are not behind
    // for a moment: their data was replaced, and we would be refused for ever.
    if (performance.now() - this.#connectedAt > 2 * this.#options.sessionTimeoutMs) {
      this.#zxid = null;
    }
  }
}
