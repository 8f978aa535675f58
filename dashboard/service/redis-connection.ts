import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../base/address.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import { decodeReply, type Plain, ReplyFormatError, toPlain } from '../../resp/decode.js';
import {
  NotRedisError,
  RedisPasswordError,
  RedisReplyError,
  RedisUnreachableError,
} from '../errors.js';

/** A server in the same network accepts within milliseconds; this allows for a lost packet. */
const CONNECT_TIMEOUT_MS = 3_000;
/** A healthy server answers the control plane's short commands at once; a busy one may take time. */
const COMMAND_TIMEOUT_MS = 5_000;

interface Waiting {
  resolve(reply: Plain): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/**
 * One short-lived connection of the control plane to a Redis server: RESP2, text only, no retry.
 * Every command settles within its deadline; after a failure of the connection all of them fail.
 */
export class RedisConnection {
  readonly addr: string;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  #failure: Error | null = null;
  readonly #commandTimeoutMs: number;

  private constructor(addr: string, socket: Socket, commandTimeoutMs: number) {
    this.addr = addr;
    this.#socket = socket;
    this.#commandTimeoutMs = commandTimeoutMs;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#fail(unreachable(addr, messageOf(error), error)));
    socket.on('close', () => this.#fail(unreachable(addr, 'it closed the connection')));
  }

  /**
   * Connects, and gives the password if there is one. A server without a password is content
   * with any, as in Codis.
   *
   * @param addr host:port
   * @param commandTimeoutMs for each command
   * @throws RedisUnreachableError, NotRedisError, RedisPasswordError
   */
  static async open(
    addr: string,
    password: string,
    commandTimeoutMs = COMMAND_TIMEOUT_MS,
    connectTimeoutMs = CONNECT_TIMEOUT_MS,
  ): Promise<RedisConnection> {
    const { host, port } = parseAddress(addr, 'redis address');
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(unreachable(addr, `no answer within ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(unreachable(addr, connectFailure(error), error));
      });
    });
    socket.removeAllListeners();
    const redis = new RedisConnection(addr, socket, commandTimeoutMs);
    try {
      if (password !== '') await redis.#authenticate(password);
      return redis;
    } catch (error) {
      redis.close();
      throw error;
    }
  }

  /**
   * @returns the reply; bulk strings as latin1 text.
   * @throws RedisReplyError for an error reply, RedisPasswordError for one that asks for a
   * password, RedisUnreachableError, NotRedisError
   */
  async command(...args: readonly string[]): Promise<Plain> {
    if (this.#failure) throw this.#failure;
    return new Promise<Plain>((resolve, reject) => {
      const timer = setTimeout(() => {
        // Its reply may still come and would be taken for that of a later command.
        this.#fail(unreachable(this.addr, `no answer within ${this.#commandTimeoutMs} ms`));
      }, this.#commandTimeoutMs);
      this.#waiting.push({ resolve, reject, timer });
      this.#socket.write(encodeCommand(args));
    });
  }

  close(): void {
    this.#fail(unreachable(this.addr, 'the connection was closed by us'));
  }

  async #authenticate(password: string): Promise<void> {
    try {
      await this.command('AUTH', password);
    } catch (error) {
      // Redis 6 and later, and before: the server wants no password.
      const wantsNone = /without any password configured|no password is set/i;
      if (!(error instanceof RedisReplyError && wantsNone.test(error.message))) throw error;
    }
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    try {
      for (;;) {
        const decoded = this.#received.length > 0 ? decodeReply(this.#received) : null;
        if (!decoded) return;
        this.#received = this.#received.subarray(decoded.end);
        const waiting = this.#waiting.shift();
        if (!waiting) {
          // Protected mode, or too many clients: it says why and closes.
          if (decoded.value.type === 'error') throw replyError(this.addr, decoded.value.value);
          throw new ReplyFormatError('a reply that nobody asked for');
        }
        clearTimeout(waiting.timer);
        if (decoded.value.type === 'error') {
          waiting.reject(replyError(this.addr, decoded.value.value));
        } else {
          waiting.resolve(toPlain(decoded.value));
        }
      }
    } catch (cause) {
      if (cause instanceof OperatorError) {
        this.#fail(cause);
        return;
      }
      const message = `what listens at ${this.addr} is not a Redis server: ${messageOf(cause)}`;
      this.#fail(new NotRedisError(message, { hint: 'check the address', cause }));
    }
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

/** Connects, uses the connection, closes it. @throws what {@link RedisConnection.open} and `use` do */
export async function withRedis<T>(
  addr: string,
  password: string,
  use: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  const redis = await RedisConnection.open(addr, password);
  try {
    return await use(redis);
  } finally {
    redis.close();
  }
}

function encodeCommand(args: readonly string[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

function connectFailure(error: Error): string {
  if ('code' in error && error.code === 'ECONNREFUSED') return 'it refuses connections';
  if ('code' in error && error.code === 'ENOTFOUND') return 'there is no such host';
  return messageOf(error) || 'the connection failed';
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
