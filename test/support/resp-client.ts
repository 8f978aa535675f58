import { connect, type Socket } from 'node:net';
import { decodeReply } from '../../resp/decode.js';

export type Argument = string | number | Uint8Array;

const DEADLINE_MS = 20_000;

/** A command as clients send it: an array of bulk strings. Text is UTF-8. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = arg instanceof Uint8Array ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** A client that sees the bytes: for comparing replies exactly, and for sending nonsense. */
export class RespClient {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  static async connect(port: number, host = '127.0.0.1'): Promise<RespClient> {
    const socket = connect({ port, host, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RespClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset is an end like another; 'close' follows.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** The next reply, undecoded. @throws Error if the connection ends first, or after 20 s. */
  async reply(): Promise<Buffer> {
    const [reply] = await this.replies(1);
    return reply!;
  }

  /** The next `count` replies, undecoded. */
  async replies(count: number): Promise<Buffer[]> {
    const deadline = Date.now() + DEADLINE_MS;
    const replies: Buffer[] = [];
    while (replies.length < count) {
      const received = this.#received;
      let at = 0;
      while (replies.length < count) {
        const decoded = decodeReply(received, at);
        if (!decoded) break;
        replies.push(received.subarray(at, decoded.end));
        at = decoded.end;
      }
      this.#received = received.subarray(at);
      if (replies.length < count) await this.#moreBytes(deadline, replies.length, count);
    }
    return replies;
  }

  /** Sends one command and waits for its reply. */
  async call(...args: Argument[]): Promise<Buffer> {
    this.send(encodeCommand(args));
    return this.reply();
  }

  /** Like `call`, as text: `+OK\r\n`. */
  async text(...args: Argument[]): Promise<string> {
    return (await this.call(...args)).toString('latin1');
  }

  /** Sends commands at once and waits for all replies. */
  async pipeline(commands: readonly (readonly Argument[])[]): Promise<Buffer[]> {
    this.send(Buffer.concat(commands.map(encodeCommand)));
    return this.replies(commands.length);
  }

  /** All bytes until the server closes the connection. */
  async untilClosed(): Promise<Buffer> {
    await this.closed;
    return this.#received;
  }

  /** Takes nothing more from its socket. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #moreBytes(deadline: number, got: number, wanted: number): Promise<void> {
    if (this.#isClosed) throw new Error(`closed after ${got} of ${wanted} replies`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${got} of ${wanted} replies; then ${this.#beginning()}`)),
        Math.max(1, deadline - Date.now()),
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #beginning(): string {
    return JSON.stringify(this.#received.subarray(0, 200).toString('latin1'));
  }
}
