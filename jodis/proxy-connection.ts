import { type Command, Redis, type RedisOptions } from 'ioredis';
import type { ReplyMappingFromOptions } from 'ioredis/built/types.js';
import type { Handle } from '../cluster/coordinator/coordinator.js';
import { OutcomeUnknownError, TransactionLostError } from './errors.js';
import type { ProxyRedisOptions } from './options.js';
import { passOver, type WriteableStream } from './pipeline-stream.js';
import { ProxySeat } from './proxy-connector.js';
import type { ProxyDirectory } from './proxy-directory.js';
import { isRepeatable, nameOf } from './repeatable.js';

/** What ioredis's type of `duplicate` asks for; in effect a `Client`. */
export type Duplicate<Client, Override> = Client &
  Redis<ReplyMappingFromOptions<'legacy', Override>>;

/**
 * What the proxy keeps for this connection from one command to the next.
 *
 * - `lost-watch`: EXEC would execute what WATCH should have prevented
 * - `lost-multi`: commands would be executed at once that were to be queued
 */
type TransactionState = 'none' | 'watch' | 'multi' | 'lost-watch' | 'lost-multi';

/** The first attempt goes to another proxy, so it need not wait; from then on as Redis clients do. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
const QUIET_POLL_MS = 5;

/** What a connection is made with: ioredis's options and whose proxies they are. */
export interface ProxyConnectionOptions {
  readonly directory: ProxyDirectory;
  readonly listDeadlineMs: number;
  readonly redis: ProxyRedisOptions & Pick<RedisOptions, 'lazyConnect' | 'monitor'>;
}

/**
 * An ioredis client with one connection, to one proxy at a time. When its proxy goes offline it
 * finishes what is under way and moves to another one; when its proxy dies it connects to another.
 * Subscriptions follow. What was sent and not answered is sent again only if it is a read.
 */
export class ProxyConnection extends Redis {
  readonly #origin: ProxyConnectionOptions;
  readonly #seat: ProxySeat;
  readonly #following: Handle;
  #transaction: TransactionState = 'none';
  #wasReady = false;
  /** Commands that wait for the move to another proxy; null: none is planned. */
  #held: { command: Command; stream: WriteableStream | undefined }[] | null = null;
  #quietTimer: NodeJS.Timeout | undefined;

  constructor(origin: ProxyConnectionOptions) {
    const seat = new ProxySeat(origin.directory, origin.listDeadlineMs);
    super({ retryStrategy: retryMs, ...origin.redis, Connector: seat.connector });
    this.#origin = origin;
    this.#seat = seat;
    this.#following = origin.directory.onChange(() => this.#checkProxy());
    origin.directory.retain();
    this.on('ready', () => {
      this.#wasReady = true;
      this.#checkProxy();
    });
    this.on('close', () => this.#onClose());
    this.once('end', () => this.#onEnd());
  }

  /** host:port of its proxy; null before the first connection. */
  get proxy(): string | null {
    return this.#seat.addr;
  }

  /** Nothing is under way: no command, no transaction, no subscription. */
  get isQuiet(): boolean {
    return (
      this.commandQueue.length === 0 && this.#transaction === 'none' && !this.condition?.subscriber
    );
  }

  /** Another one with the same options but those given. */
  override duplicate<Override extends Partial<RedisOptions> | undefined = undefined>(
    override?: Override,
  ): Duplicate<ProxyConnection, Override> {
    const { replyMapping: _, ...redis } = { ...this.options, ...override };
    return new ProxyConnection({ ...this.#origin, redis }) as Duplicate<ProxyConnection, Override>;
  }

  override disconnect(reconnect = false): void {
    const isBetween = this.status === 'reconnecting';
    super.disconnect(reconnect);
    if (!isBetween || reconnect) return;
    // Between two connections ioredis would neither end nor tell those who wait.
    this.status = 'end';
    const error = new Error('Connection is closed.');
    this.recoverFromFatalError(error, error, {});
    process.nextTick(() => this.emit('end'));
  }

  override sendCommand(command: Command, stream?: WriteableStream): unknown {
    if (this.#isOfLostTransaction(command)) {
      passOver(stream);
      command.reject(new TransactionLostError(`${nameOf(command)}: the connection was lost`));
      return command.promise;
    }
    this.#noteTransaction(command, stream);
    if (this.#held !== null && this.#transaction === 'none') {
      this.#held.push({ command, stream });
      return command.promise;
    }
    return super.sendCommand(command, stream);
  }

  #isOfLostTransaction(command: Command): boolean {
    const name = nameOf(command);
    const isLost =
      this.#transaction === 'lost-multi' ||
      (this.#transaction === 'lost-watch' &&
        (command.inTransaction || /^(multi|exec|discard|unwatch)$/.test(name)));
    // Whoever hears of it at its end begins again.
    if (isLost && /^(exec|discard|unwatch)$/.test(name)) this.#transaction = 'none';
    return isLost;
  }

  #noteTransaction(command: Command, stream: WriteableStream | undefined): void {
    const name = nameOf(command);
    if (name === 'watch') this.#transaction = 'watch';
    else if (name === 'multi' && !stream) this.#transaction = 'multi';
    else if (/^(exec|discard|unwatch|reset)$/.test(name)) this.#transaction = 'none';
  }

  /** Called when the list of proxies has changed, and with each new connection. */
  #checkProxy(): void {
    if (this.status !== 'ready' || this.#held !== null) return;
    const { proxies } = this.#origin.directory;
    if (proxies.length === 0 || proxies.includes(this.#seat.addr ?? '')) return;
    this.#held = [];
    this.#quietTimer = setInterval(() => this.#moveIfQuiet(), QUIET_POLL_MS);
    this.#moveIfQuiet();
  }

  #moveIfQuiet(): void {
    if (this.commandQueue.length > 0 || this.#transaction !== 'none') return;
    // ioredis queues what comes from here on until there is a connection again.
    this.disconnect(true);
    this.#endMove();
  }

  #endMove(): void {
    clearInterval(this.#quietTimer);
    const held = this.#held ?? [];
    this.#held = null;
    for (const { command, stream } of held) this.sendCommand(command, stream);
  }

  /** ioredis would send all of its queue again with the next connection. */
  #onClose(): void {
    const queue = this.commandQueue;
    const items = queue.toArray();
    queue.clear();
    for (const item of items) {
      const command = item.command as Command;
      if (isRepeatable(command)) {
        // By itself: its pipeline has been written, and waits for nobody.
        queue.push(Object.assign(item, { stream: undefined }));
      } else {
        command.reject(outcomeUnknown(command, this.#seat.addr));
      }
    }
    if (this.#wasReady && this.#transaction === 'watch') this.#transaction = 'lost-watch';
    if (this.#wasReady && this.#transaction === 'multi') this.#transaction = 'lost-multi';
    this.#wasReady = false;
    this.#endMove();
  }

  #onEnd(): void {
    clearInterval(this.#quietTimer);
    this.#following.close();
    // Its session ends behind our back, as the connection does.
    this.#origin.directory.release().catch(() => undefined);
  }
}

export function outcomeUnknown(command: Command, proxy: string | null): OutcomeUnknownError {
  return new OutcomeUnknownError(
    `${nameOf(command).toUpperCase()}: the connection to proxy ${proxy} was lost before the reply; ` +
      'whether it was executed is not known',
  );
}

function retryMs(attempt: number): number {
  if (attempt === 1) return 0;
  const step = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 2, 10));
  return Math.round(step / 2 + (step / 2) * Math.random());
}
