import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { decodeReply, type Value } from '../../resp/decode.js';
import {
  NotRedisError,
  RedisPasswordError,
  RedisReplyError,
  RedisUnreachableError,
} from '../errors.js';

/** A server in the same network accepts within milliseconds; this allows for a lost packet. */
const CONNECT_TIMEOUT_MS = 3_000;
/** A server that moves keys for others, too, may be busy for a while. */
const REPLY_TIMEOUT_MS = 10_000;

export type CommandPart = string | Uint8Array;

/** Commands written at once, and what has come back of their replies. */
interface Waiting {
  left: number;
  readonly replies: Value[];
  resolve(replies: Value[]): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A connection that moves keys: replies are bytes, as keys are, and many commands may be under
 * way. It never reconnects: whoever scans must know that it is another server's life he scans.
 */
export class ServerConnection {
  readonly addr: string;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  #failure: Error | null = null;
  #commandsSent = 0;

  private constructor(addr: string, socket: Socket) {
    this.addr = addr;
    this.#socket = socket;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#fail(unreachable(addr, messageOf(error), error)));
    socket.on('close', () => this.#fail(unreachable(addr, 'it closed the connection')));
  }

  /**
   * Connects, and gives the password if there is one; a server without is content with any.
   *
   * @throws RedisUnreachableError, RedisPasswordError
   */
  static async open(addr: string, password: string, name?: string): Promise<ServerConnection> {
    const connection = new ServerConnection(addr, await connectTo(addr));
    try {
      if (password !== '') await connection.#authenticate(password);
      if (name !== undefined) await connection.call(['CLIENT', 'SETNAME', name]);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get commandsSent(): number {
    return this.#commandsSent;
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** The reply, which is no error. @throws RedisReplyError, RedisUnreachableError, NotRedisError */
  async call(parts: readonly CommandPart[], timeoutMs = REPLY_TIMEOUT_MS): Promise<Value> {
    const [reply] = await this.pipeline([parts], timeoutMs);
    if (reply!.type === 'error') throw replyError(this.addr, reply!.value);
    return reply!;
  }

  /** All replies, in order; errors are among them. @throws RedisUnreachableError, NotRedisError */
  pipeline(
    commands: readonly (readonly CommandPart[])[],
    timeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<Value[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (commands.length === 0) return Promise.resolve([]);
    const replies = this.#replies(commands.length, timeoutMs);
    this.#socket.write(encodeCommands(commands));
    return replies;
  }

  /**
   * A command whose last part, of so many bytes, comes in pieces. Redis takes such a part in as it
   * comes, into memory that is the value's own afterwards. Nothing else may be sent meanwhile; if the
   * pieces end too early, or with an error, the connection is of no more use.
   *
   * @returns as `call`
   */
  async callInPieces(
    parts: readonly CommandPart[],
    lastBytes: number,
    pieces: AsyncIterable<Uint8Array>,
    timeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<Value> {
    let left = lastBytes;
    try {
      await this.#write(encodeBeginning(parts, lastBytes), timeoutMs);
      for await (const piece of pieces) {
        left -= piece.length;
        await this.#write(piece, timeoutMs);
      }
      if (left !== 0) throw new Error(`${left} bytes are missing from the last part of a command`);
    } catch (error) {
      this.close();
      throw error;
    }
    const replies = this.#replies(1, timeoutMs);
    this.#socket.write('\r\n');
    const [reply] = await replies;
    if (reply!.type === 'error') throw replyError(this.addr, reply!.value);
    return reply!;
  }

  close(): void {
    this.#fail(unreachable(this.addr, 'the connection was closed by us'));
  }

  #replies(count: number, timeoutMs: number): Promise<Value[]> {
    this.#commandsSent += count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // The reply may still come, and would be taken for that of a later command.
        this.#fail(unreachable(this.addr, `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.push({ left: count, replies: [], resolve, reject, timer });
    });
  }

  /** Resolves when more may be written. @throws RedisUnreachableError, NotRedisError */
  async #write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#socket.write(bytes)) return;
    const lateness = unreachable(this.addr, `it takes nothing in for ${timeoutMs} ms`);
    const timer = setTimeout(() => this.#fail(lateness), timeoutMs);
    try {
      await new Promise<void>((resolve) => {
        const end = () => {
          this.#socket.off('drain', end).off('close', end);
          resolve();
        };
        this.#socket.on('drain', end).on('close', end);
      });
    } finally {
      clearTimeout(timer);
    }
    if (this.#failure) throw this.#failure;
  }

  async #authenticate(password: string): Promise<void> {
    const [reply] = await this.pipeline([['AUTH', password]]);
    if (reply!.type !== 'error' || wantsNoPassword(reply!.value)) return;
    throw replyError(this.addr, reply!.value);
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, bytes]) : bytes;
    let at = 0;
    try {
      while (at < this.#received.length) {
        const decoded = decodeReply(this.#received, at);
        if (!decoded) break;
        at = decoded.end;
        this.#take(decoded.value);
      }
      this.#received = this.#received.subarray(at);
    } catch (cause) {
      const message = `what listens at ${this.addr} is not a Redis server: ${messageOf(cause)}`;
      this.#fail(new NotRedisError(message, { hint: 'check the address', cause }));
    }
  }

  #take(value: Value): void {
    const waiting = this.#waiting[0];
    if (!waiting) {
      // Protected mode, or too many clients: it says why and closes.
      const reason = value.type === 'error' ? value.value : 'it sent what nobody asked for';
      this.#fail(unreachable(this.addr, reason));
      return;
    }
    waiting.replies.push(value);
    if (--waiting.left > 0) return;
    this.#waiting.shift();
    clearTimeout(waiting.timer);
    waiting.resolve(waiting.replies);
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.destroy();
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }
}

/** In the words of Redis 6 and later, and before. */
export function wantsNoPassword(error: string): boolean {
  return /without any password configured|no password is set/i.test(error);
}

function connectTo(addr: string): Promise<Socket> {
  const { host, port } = parseAddress(addr, 'redis address');
  const socket = connect({ host, port, noDelay: true });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(unreachable(addr, `no answer within ${CONNECT_TIMEOUT_MS} ms`));
    }, CONNECT_TIMEOUT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      const isRefusal = 'code' in error && error.code === 'ECONNREFUSED';
      reject(unreachable(addr, isRefusal ? 'it refuses connections' : messageOf(error), error));
    });
  });
}

function unreachable(addr: string, reason: string, cause?: unknown): RedisUnreachableError {
  return new RedisUnreachableError(`the server ${addr} cannot be reached: ${reason}`, {
    hint: 'check that redis-server runs there and accepts connections from this machine',
    cause,
  });
}

function replyError(addr: string, text: string): RedisPasswordError | RedisReplyError {
  if (/^(NOAUTH|WRONGPASS)|invalid password/i.test(text)) {
    return new RedisPasswordError(`the server ${addr} does not accept the password: ${text}`, {
      hint: 'set password in the config file to the requirepass of the servers',
    });
  }
  return new RedisReplyError(`the server ${addr} answers: ${text}`);
}

function encodeCommands(commands: readonly (readonly CommandPart[])[]): Buffer {
  let size = 0;
  for (const parts of commands) {
    size += 16;
    for (const part of parts) size += 16 + partBytes(part);
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const parts of commands) {
    at += bytes.write(`*${parts.length}\r\n`, at, 'latin1');
    for (const part of parts) {
      at += bytes.write(`$${partBytes(part)}\r\n`, at, 'latin1');
      if (typeof part === 'string') at += bytes.write(part, at);
      else {
        bytes.set(part, at);
        at += part.length;
      }
      bytes[at++] = 0x0d;
      bytes[at++] = 0x0a;
    }
  }
  return bytes.subarray(0, at);
}

/** All but the last part, and how long that is. */
function encodeBeginning(parts: readonly CommandPart[], lastBytes: number): Buffer {
  const whole = encodeCommands([[...parts, '']]);
  const count = Buffer.byteLength('$0\r\n\r\n');
  return Buffer.concat([whole.subarray(0, -count), Buffer.from(`$${lastBytes}\r\n`)]);
}

function partBytes(part: CommandPart): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}
