import { connect as connectTcp, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import { parseAddress } from '../base/address.js';
import { withDeadline } from '../base/deadline.js';
import { NoProxyError } from './errors.js';
import type { ProxyDirectory } from './proxy-directory.js';

type Connector = InstanceType<NonNullable<RedisOptions['Connector']>>;
type Stream = Awaited<ReturnType<Connector['connect']>>;

/** How long ioredis waits for the other side to close before it cuts: its own default. */
const DISCONNECT_TIMEOUT_MS = 2_000;

/** Where one ioredis client is connected to: with each new connection the next proxy in turn. */
export class ProxySeat {
  readonly #directory: ProxyDirectory;
  readonly #listDeadlineMs: number;
  /** Of the connection of now or, between two, of the last one. */
  addr: string | null = null;

  /** @param listDeadlineMs how long to wait for the list of proxies, if it was never read */
  constructor(directory: ProxyDirectory, listDeadlineMs: number) {
    this.#directory = directory;
    this.#listDeadlineMs = listDeadlineMs;
  }

  /** To be given to ioredis as its option `Connector`. */
  get connector(): NonNullable<RedisOptions['Connector']> {
    const connect = (options: RedisOptions) => this.#connect(options);
    return class extends AbstractConnector {
      readonly #options: RedisOptions;

      constructor(options: unknown) {
        super(DISCONNECT_TIMEOUT_MS);
        this.#options = options as RedisOptions;
      }

      async connect(): Promise<Stream> {
        this.connecting = true;
        const stream = await connect(this.#options);
        if (!this.connecting) {
          // Disconnected meanwhile: to be the end for ioredis.
          stream.destroy();
          throw new Error('Connection is closed.');
        }
        this.stream = stream;
        return stream;
      }
    };
  }

  /** Never rejects: to ioredis that would be the end. A socket that fails has it try again. */
  async #connect(options: RedisOptions): Promise<Stream> {
    try {
      await withDeadline(this.#directory.read, this.#listDeadlineMs, 'the list of proxies');
    } catch (cause) {
      const { lastFailure } = this.#directory;
      return failingSocket(new NoProxyError(`no list of proxies: ${lastFailure}`, { cause }));
    }
    this.addr = this.#directory.next(this.addr);
    if (this.addr === null) return failingSocket(new NoProxyError('no proxy is online'));
    const { host, port } = parseAddress(this.addr, 'proxy');
    const where = { host: host || 'localhost', port, family: options.family ?? 0 };
    return options.tls ? connectTls({ ...where, ...options.tls }) : connectTcp(where);
  }
}

function failingSocket(error: Error): Socket {
  const socket = new Socket();
  // Destroyed once ioredis listens to it.
  setImmediate(() => socket.destroy(error));
  return socket;
}
