import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../base/address.js';
import { withDeadline } from '../../base/deadline.js';
import { Ring } from '../../base/ring.js';
import { FrameProgress, INCOMPLETE } from '../../resp/frame-progress.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { frameReply } from '../../resp/reply-framer.js';
import type { BackendSettings } from './backend-settings.js';
import { handshakeOf } from './handshake.js';

/** The connection ended before the answer came: whether the command was executed is unknown. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

interface Awaited {
  readonly resolve: (frame: Buffer) => void;
  readonly reject: (error: ConnectionLostError) => void;
}

const PUSH = 0x3e;
const MINUS = 0x2d;

/**
 * A connection to one server that one user has for itself: a client that blocks or watches keys, or
 * the subscriptions of a worker. Unlike a `Backend` it does not come back when it is lost, and
 * promises are made for its commands: it is for what is rare or slow.
 */
export class DedicatedConnection {
  readonly addr: string;
  /** The protocol and database it speaks; see lane.ts. */
  readonly lane: number;
  readonly #socket: Socket;
  readonly #progress = new FrameProgress();
  readonly #receive: ReceiveBuffer;
  readonly #awaited = new Ring<Awaited>();
  #endReason: string | null = null;
  /** Called with each RESP3 push. */
  onPush: ((frame: Buffer) => void) | null = null;
  /** In RESP2, called with each frame that no command waits for: a subscriber's messages. */
  onMessage: ((frame: Buffer) => void) | null = null;
  /** Called once when the connection has ended, for whatever reason. */
  onClosed: ((reason: string) => void) | null = null;

  private constructor(addr: string, lane: number, socket: Socket) {
    this.addr = addr;
    this.lane = lane;
    this.#socket = socket;
    this.#receive = new ReceiveBuffer(this.#progress, (bytes, start, end) =>
      this.#consume(bytes, start, end),
    );
    socket.on('data', (chunk: Buffer) => this.#receive.receivedChunk(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    socket.on('close', () => this.#end('connection closed by the server'));
  }

  /**
   * Connects and says who we are.
   *
   * @throws ConnectionLostError | DeadlineError if there is no usable connection in time.
   */
  static async open(
    addr: string,
    lane: number,
    settings: BackendSettings,
  ): Promise<DedicatedConnection> {
    const { host, port } = parseAddress(addr, 'server');
    const socket = connect({ host: host || '127.0.0.1', port, noDelay: true, keepAlive: true });
    const connection = new DedicatedConnection(addr, lane, socket);
    const steps = handshakeOf(settings.name, settings.password, lane);
    try {
      await withDeadline(
        (async () => {
          const replies = steps.map((step) => connection.send(step.bytes));
          for (const [index, reply] of (await Promise.all(replies)).entries()) {
            const error = reply[0] === MINUS ? reply.toString('latin1', 1, reply.length - 2) : null;
            const fault = steps[index]!.verdict(error);
            if (fault !== null) throw new ConnectionLostError(`server ${addr}: ${fault}`);
          }
        })(),
        settings.timeoutMs,
        `server ${addr}`,
      );
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** Null while the connection lives, else why it ended. */
  get endReason(): string | null {
    return this.#endReason;
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.#awaited.length;
  }

  /**
   * Sends one whole command.
   *
   * @returns the reply's frame, which may be an error's.
   * @throws ConnectionLostError if the connection ends before the reply has come. There is no
   * deadline: the caller may be one who blocks.
   */
  send(command: Buffer): Promise<Buffer> {
    if (this.#endReason !== null) {
      return Promise.reject(this.#lost());
    }
    return new Promise((resolve, reject) => {
      this.#awaited.push({ resolve, reject });
      this.#socket.write(command);
    });
  }

  /**
   * Sends several whole commands at once.
   *
   * @param count how many there are
   * @returns their replies' frames. @throws ConnectionLostError as `send`
   */
  sendAll(commands: Buffer, count: number): Promise<Buffer[]> {
    if (this.#endReason !== null) return Promise.reject(this.#lost());
    const replies = Array.from(
      { length: count },
      () =>
        new Promise<Buffer>((resolve, reject) => {
          this.#awaited.push({ resolve, reject });
        }),
    );
    this.#socket.write(commands);
    return Promise.all(replies);
  }

  /** Sends what is answered by no frame of its own: a subscriber's commands. */
  post(command: Buffer): void {
    if (this.#endReason === null) this.#socket.write(command);
  }

  close(): void {
    this.#end('connection closed by the proxy');
  }

  /**
   * Gives it up while the server may still execute what it was sent.
   *
   * @returns the socket, whose end will tell that it has; null: it has ended
   */
  detach(): Socket | null {
    if (this.#endReason !== null) return null;
    const socket = this.#socket;
    this.#finish('given up by the proxy');
    // Replies are read to no avail.
    socket.removeAllListeners('data').resume();
    return socket;
  }

  #consume(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#endReason === null) {
      const next = frameReply(bytes, at, end, this.#progress);
      if (next < 0) {
        if (next === INCOMPLETE) return at;
        this.#end(`malformed reply: ${this.#progress.error}`);
        return end;
      }
      this.#deliver(Buffer.from(bytes.subarray(at, next)));
      at = next;
    }
    return at;
  }

  #deliver(frame: Buffer): void {
    if (frame[0] === PUSH) this.onPush?.(frame);
    else if (this.#awaited.length > 0) this.#awaited.shift()!.resolve(frame);
    else this.onMessage?.(frame);
  }

  #end(reason: string): void {
    if (this.#endReason !== null) return;
    this.#socket.destroy();
    this.#finish(reason);
  }

  #finish(reason: string): void {
    this.#endReason = reason;
    while (this.#awaited.length > 0) this.#awaited.shift()!.reject(this.#lost());
    this.onClosed?.(reason);
  }

  #lost(): ConnectionLostError {
    return new ConnectionLostError(`server ${this.addr} lost (${this.#endReason})`);
  }
}
