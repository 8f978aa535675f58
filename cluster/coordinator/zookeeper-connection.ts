import type { Socket } from 'node:net';
import zookeeper, { type Client, type ZooKeeperException } from 'node-zookeeper-client';
import { type Address, formatAddress } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { FrameSplitter } from './zookeeper-frames.js';

/** What proves to a server that we are the client of a session. */
export interface SessionKey {
  id: Buffer;
  password: Buffer;
}

export interface ConnectionOptions {
  server: Address;
  /** Asked for; the server may grant another, see {@link ZooKeeperConnection.sessionTimeoutMs}. */
  sessionTimeoutMs: number;
  /** The session to go on with; null: a new one. */
  session: SessionKey | null;
  /** The last transaction seen in this session: a server that is behind it refuses us. */
  zxid: Buffer | null;
}

/** The connection ended before the answer. Of a write, the outcome is unknown. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

// A server that has not answered the handshake by then is passed over, however long the session.
const MAX_HANDSHAKE_MS = 5000;
const CLOSE_DEADLINE_MS = 1000;

// Request numbers are signed 32-bit and negative ones have meanings of their own.
const LAST_XID = 0x7fff_0000;

// Replies that mean that this connection no longer speaks for its session.
const SESSION_MOVED = -118;
const SESSION_OVER: ReadonlySet<number> = new Set([
  zookeeper.Exception.SESSION_EXPIRED,
  SESSION_MOVED,
]);
const KNOWN_ERRORS: ReadonlySet<unknown> = new Set(Object.values(zookeeper.Exception));

/**
 * One TCP connection to one server, and the place of most guards against the faults of
 * node-zookeeper-client 1.1.3. A client object of the package lives as long as one connection:
 * what it would carry over to the next (half a frame, queued requests, watches) is what its faults
 * are made of. Reconnecting, sessions and watches are our own, in the files beside this one.
 *
 * Ends once: `lost` resolves with the reason and every unanswered call rejects.
 */
export class ZooKeeperConnection {
  readonly server: string;
  /** Resolves when the connection is over, with the reason. */
  readonly lost: Promise<string>;
  readonly #resolveLost: (reason: string) => void;
  readonly #client: Client;
  readonly #frames = new FrameSplitter();
  readonly #unanswered = new Set<(error: Error) => void>();
  readonly #watchers = new Map<string, () => void>();
  readonly #handshakeMs: number;
  #state: 'opening' | 'open' | 'closing' | 'lost' = 'opening';
  #heardAt = performance.now();
  #watchdog: NodeJS.Timeout | undefined;

  constructor({ server, sessionTimeoutMs, session, zxid }: ConnectionOptions) {
    this.server = formatAddress(server);
    this.#handshakeMs = Math.min(sessionTimeoutMs / 3, MAX_HANDSHAKE_MS);
    let resolveLost: (reason: string) => void = () => undefined;
    this.lost = new Promise((resolve) => {
      resolveLost = resolve;
    });
    this.#resolveLost = resolveLost;

    this.#client = zookeeper.createClient('set-below:1', {
      sessionTimeout: sessionTimeoutMs,
      ...(session && { sessionId: session.id, sessionPassword: session.password }),
    });
    const manager = this.#client.connectionManager;
    // The package's own parser does not know IPv6 addresses.
    manager.servers = [server];
    // It would number the first request 0.
    manager.xid = 1;
    if (zxid) manager.zxid = zxid;
    const handleFrame = manager.onSocketData.bind(manager);
    manager.onSocketData = (chunk) => this.#receive(chunk, handleFrame);
  }

  get sessionTimeoutMs(): number {
    return this.#client.getSessionTimeout();
  }

  get session(): SessionKey {
    return { id: this.#client.getSessionId(), password: this.#client.getSessionPassword() };
  }

  get zxid(): Buffer {
    return this.#client.connectionManager.zxid;
  }

  /**
   * Connects, to be called once.
   *
   * @returns `expired` if the server does not know the session any more; the connection is over.
   * @throws ConnectionLostError
   */
  open(): Promise<'connected' | 'expired'> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.drop(`no answer to the handshake within ${this.#handshakeMs} ms`),
        this.#handshakeMs,
      );
      const onState = (state: unknown): void => {
        if (this.#state !== 'opening') return;
        if (state === zookeeper.State.SYNC_CONNECTED) {
          clearTimeout(timer);
          this.#state = 'open';
          this.#watch();
          resolve('connected');
        } else if (state === zookeeper.State.EXPIRED) {
          resolve('expired');
          this.drop('the session has expired');
        }
      };
      this.#client.on('state', onState);
      this.#unanswered.add((error) => {
        clearTimeout(timer);
        reject(error);
      });
      this.#client.connect();
      // The package calls this when a connection has ended, to make the next.
      this.#client.connectionManager.connect = () => this.drop('the connection was closed');
    });
  }

  /**
   * Sends one request, at once: requests are answered in the order of their calls.
   *
   * @throws ConnectionLostError, or the package's exception for an error answer.
   */
  call<T>(
    send: (client: Client, done: (error: ZooKeeperException | null, value: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'open') {
        reject(new ConnectionLostError(`no connection to ZooKeeper at ${this.server}`));
        return;
      }
      const manager = this.#client.connectionManager;
      if (manager.xid > LAST_XID) manager.xid = 1;
      this.#unanswered.add(reject);
      try {
        send(this.#client, (error, value) => {
          // The package's word for a connection that has ended; `drop` answers all alike.
          if (error?.code === zookeeper.Exception.CONNECTION_LOSS) {
            this.drop('the connection was closed');
          }
          if (!this.#unanswered.delete(reject)) return;
          if (error) reject(error);
          else resolve(value);
        });
      } catch (error) {
        this.#unanswered.delete(reject);
        reject(error);
      }
    });
  }

  /**
   * The function to give to the package as a watcher. There is one for each key until it fires, so
   * that arming the same watch again adds nothing in the package.
   */
  watcher(key: string, onFire: () => void): () => void {
    let watcher = this.#watchers.get(key);
    if (!watcher) {
      watcher = () => {
        this.#watchers.delete(key);
        if (this.#state === 'open') onFire();
      };
      this.#watchers.set(key, watcher);
    }
    return watcher;
  }

  /** Ends the session on the server, after the requests sent before; then the connection. */
  async close(): Promise<void> {
    const { socket } = this.#client.connectionManager;
    if (this.#state === 'open' && socket) {
      this.#state = 'closing';
      this.#client.close();
      await closed(socket);
    }
    this.drop('closed by us');
  }

  /** Ends the connection at once; the session lives on until its timeout. */
  drop(reason: string): void {
    if (this.#state === 'lost') return;
    this.#state = 'lost';
    clearInterval(this.#watchdog);
    this.#destroySocket();
    // The package makes its socket in the tick after `connect`.
    setImmediate(() => this.#destroySocket());
    const error = new ConnectionLostError(`ZooKeeper at ${this.server}: ${reason}`);
    for (const reject of this.#unanswered) reject(error);
    this.#unanswered.clear();
    this.#watchers.clear();
    this.#resolveLost(reason);
  }

  #destroySocket(): void {
    const { socket, connectTimeoutHandler } = this.#client.connectionManager;
    if (connectTimeoutHandler) clearTimeout(connectTimeoutHandler);
    socket?.destroy();
  }

  /** Hands the package one whole frame at a time, with error codes that it knows. */
  #receive(chunk: Buffer, handleFrame: (frame: Buffer) => void): void {
    this.#heardAt = performance.now();
    try {
      for (const frame of this.#frames.push(chunk)) {
        if (this.#state === 'lost') return;
        if (this.#state !== 'opening' && !this.#translateError(frame)) return;
        handleFrame(frame);
      }
    } catch (error) {
      this.drop(`an answer that cannot be read: ${messageOf(error)}`);
    }
  }

  /** @returns false if the error ended the connection. */
  #translateError(frame: Buffer): boolean {
    const code = FrameSplitter.errorOf(frame);
    if (SESSION_OVER.has(code)) {
      this.drop(`the session is over here (error ${code})`);
      return false;
    }
    // The package throws on codes newer than itself, and the request would never be answered.
    if (!KNOWN_ERRORS.has(code)) FrameSplitter.setError(frame, zookeeper.Exception.SYSTEM_ERROR);
    return true;
  }

  /**
   * Finds out within a third of the session timeout T that the server is silent, which the package
   * never does: after T/12 without a word we ask something (T/24 later at most), and T/6 later we
   * drop the connection (again T/24 later at most).
   */
  #watch(): void {
    const timeoutMs = this.sessionTimeoutMs;
    const tickMs = timeoutMs / 24;
    let tickedAt = performance.now();
    let askedAt: number | null = null;
    this.#heardAt = tickedAt;
    this.#watchdog = setInterval(() => {
      const now = performance.now();
      // We ourselves have slept: what the server said meanwhile is still to be read.
      const isLate = now - tickedAt > 3 * tickMs;
      tickedAt = now;
      if (askedAt !== null && this.#heardAt >= askedAt) askedAt = null;
      if (isLate) askedAt = null;
      if (askedAt === null) {
        if (!isLate && now - this.#heardAt < timeoutMs / 12) return;
        askedAt = now;
        this.call((client, done) => client.exists('/', done)).catch(() => undefined);
      } else if (now - askedAt >= timeoutMs / 6) {
        this.drop(`silent for ${Math.round(now - this.#heardAt)} ms`);
      }
    }, tickMs);
    // A process that has nothing else to do may end without closing its session.
    this.#watchdog.unref();
  }
}

/** Resolves when the socket has closed, or after a deadline. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_DEADLINE_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
