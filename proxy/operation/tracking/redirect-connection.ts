import { Backoff } from '../../../base/backoff.js';
import { withDeadline } from '../../../base/deadline.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import type { DedicatedConnection } from '../../backend/dedicated-connection.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';

/** Invalidations are pushes, which only RESP3 has. */
const LANE = laneOf(3, 0);
const CLIENT_ID = encodeMultibulk(['CLIENT', 'ID']);
const PING = encodeMultibulk(['PING']);
const PING_MS = 1_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/** Who hears what the server says. */
export interface RedirectOwner {
  pushed(frame: Buffer): void;
  /** The server calls the connection otherwise than before, or for the first time. */
  redirectEstablished(addr: string): void;
  redirectLost(addr: string): void;
}

/**
 * Where a server sends what concerns a client in RESP2: replies to such a client must come as they
 * are, by connections in RESP2, and those cannot be told of anything but replies.
 */
export class RedirectConnection {
  readonly #server: Server;
  readonly #owner: RedirectOwner;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  #connection: DedicatedConnection | null = null;
  /** What the server calls it; null: there is no connection. */
  #clientId: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Resolves when the first attempt is over. */
  readonly attempted: Promise<void>;

  constructor(server: Server, owner: RedirectOwner) {
    this.#server = server;
    this.#owner = owner;
    this.attempted = this.#connect();
  }

  get clientId(): number | null {
    return this.#clientId;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    const { addr, timeoutMs } = this.#server;
    let connection: DedicatedConnection | null = null;
    try {
      connection = await this.#server.pool.openDetached(LANE);
      const reply = await withDeadline(connection.send(CLIENT_ID), timeoutMs, `server ${addr}`);
      if (this.#isClosed) connection.close();
      if (connection.endReason !== null) throw new Error(connection.endReason);
      this.#connection = connection;
      this.#clientId = Number(reply.toString('latin1', 1, reply.length - 2));
    } catch {
      // The server cannot be reached; the next attempt may.
      connection?.close();
      this.#retryLater();
      return;
    }
    this.#backoff.reset();
    connection.onPush = (frame) => this.#owner.pushed(frame);
    connection.onClosed = () => {
      this.#connection = null;
      this.#clientId = null;
      if (this.#isClosed) return;
      this.#owner.redirectLost(addr);
      this.#retryLater();
    };
    this.#watch(connection);
    this.#owner.redirectEstablished(addr);
  }

  /** A host that loses its power says nothing. */
  #watch(connection: DedicatedConnection): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const { addr, timeoutMs } = this.#server;
      try {
        await withDeadline(connection.send(PING), timeoutMs, `server ${addr}`);
        if (connection === this.#connection) this.#watch(connection);
      } catch {
        // Ends it, which is told to the owner.
        connection.close();
      }
    }, PING_MS);
  }

  #retryLater(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.nextMs());
  }
}
