import { type Command, Redis, type RedisOptions } from 'ioredis';
import { withDeadline } from '../base/deadline.js';
import { DeadlineError, OperatorError } from '../base/errors.js';
import type { Handle } from '../cluster/coordinator/coordinator.js';
import { isOfOneConnection, isSetting, withSetting } from './connection-settings.js';
import { NoProxyError } from './errors.js';
import type { Member } from './member.js';
import { type JodisOptions, type ProxyRedisOptions, type Settings, settingsOf } from './options.js';
import { isPipeline, passOver, sendTo, type WriteableStream } from './pipeline-stream.js';
import { Pool } from './pool.js';
import {
  type Duplicate,
  outcomeUnknown,
  ProxyConnection,
  type ProxyConnectionOptions,
} from './proxy-connection.js';
import { ProxyDirectory } from './proxy-directory.js';
import { isBlocking, isRepeatable, isSubscription, nameOf } from './repeatable.js';
import { SpareConnections } from './spare-connections.js';
import { Subscriber } from './subscriber.js';
import { type CommandBatch, WaitingCommands } from './waiting-commands.js';

export { NoProxyError, OutcomeUnknownError, TransactionLostError } from './errors.js';
export type { JodisOptions, ProxyRedisOptions } from './options.js';
export type { ProxyConnection } from './proxy-connection.js';

/** A read that met so many dying proxies is not sent to one more. */
const MOST_ATTEMPTS = 5;
const CLOSED = 'Connection is closed.';
const TRANSACTION_ENDS = new Set(['exec', 'discard', 'unwatch']);

/**
 * A Redis client over all proxies of a cluster: ioredis's API, with a connection to each proxy that
 * the coordinator calls online. Commands go to the proxies in turn, a pipeline or a MULTI to one of
 * them as a whole. A proxy that goes offline gets no more commands and is left when it has answered;
 * one that dies is left out at once. A command that was not sent goes to another proxy; of those
 * that were sent and not answered, reads are sent again and all others fail.
 *
 * What needs a connection of its own gets one: subscriptions, blocking commands, and everything
 * from WATCH (or MULTI without a pipeline) to EXEC.
 *
 * Events, beside those of ioredis's connections: `proxies`, with the addresses, when they change.
 */
export class Jodis extends Redis {
  readonly #settings: Settings;
  readonly #directory: ProxyDirectory;
  readonly #pool: Pool;
  readonly #waiting: WaitingCommands;
  readonly #spares: SpareConnections;
  readonly #subscriber: Subscriber;
  readonly #attempts = new WeakMap<Command, number>();
  readonly #memberOf = new WeakMap<WriteableStream, Member>();
  #redis: ProxyRedisOptions;
  #following: Handle | null = null;
  #started: Promise<void> | null = null;
  #resolveReady: () => void = () => {};
  #pinned: ProxyConnection | null = null;
  #isLeaving = false;
  #endReason: Error = new Error(CLOSED);

  /** @param directory whose list of proxies to use: that of the client this is a duplicate of */
  constructor(options: JodisOptions, directory?: ProxyDirectory) {
    const settings = settingsOf(options);
    // Never connected itself: what it inherits is the commands, and how they are made.
    super({ ...settings.redis, lazyConnect: true });
    this.#settings = settings;
    this.#redis = settings.redis;
    this.#directory = directory ?? new ProxyDirectory(settings);
    this.#pool = new Pool(() => this.#memberOptions(), {
      onReady: () => this.#onReady(),
      onLost: () => this.#checkReachable(),
      onUnanswered: (command, member) => this.#onUnanswered(command, member),
    });
    this.#waiting = new WaitingCommands(settings.proxyDeadlineMs, (batch) =>
      rejectAll(batch, this.#noProxy()),
    );
    const own = () => this.#connectionOptions(this.#memberOptions());
    this.#spares = new SpareConnections(own);
    this.#subscriber = new Subscriber(own, this);
    if (!settings.lazyConnect) this.connect().catch(() => undefined);
  }

  /** host:port of the proxies that are online, as last known. */
  get proxies(): readonly string[] {
    return this.#directory.proxies;
  }

  /**
   * Resolves when the first proxy is connected. Need not be called unless with `lazyConnect`.
   *
   * @throws OperatorError with `unreachable: 'fail'`, if that is not within `startDeadlineMs`
   */
  override connect(callback?: (error?: Error | null) => void): Promise<void> {
    this.#started ??= this.#start();
    if (callback) this.#started.then(() => callback(null), callback);
    return this.#started;
  }

  /**
   * An ioredis client with a connection of its own, on the next proxy in turn. It moves to another
   * one when its proxy goes. For whoever needs an order among commands that are not awaited, WAIT,
   * or anything else that is of one connection. It outlives this client, and is to be ended by itself.
   *
   * @throws Error if this client has ended already
   */
  connection(options: ProxyRedisOptions & { lazyConnect?: boolean } = {}): ProxyConnection {
    if (this.#isEnded) throw this.#endReason;
    return new ProxyConnection(this.#connectionOptions({ ...this.#redis, ...options }));
  }

  /** Another one over the same proxies, with the same options but those given. */
  override duplicate<Override extends Partial<RedisOptions> | undefined = undefined>(
    override?: Override,
  ): Duplicate<Jodis, Override> {
    const { replyMapping: _, lazyConnect = false, ...redis } = { ...override };
    const options = { ...this.#settings, lazyConnect, redis: { ...this.#redis, ...redis } };
    const directory = this.#directory.isClosed ? undefined : this.#directory;
    return new Jodis(options, directory) as Duplicate<Jodis, Override>;
  }

  override monitor(callback?: (error?: Error | null, monitor?: Redis) => void): Promise<Redis> {
    const connection = new ProxyConnection(
      this.#connectionOptions({ ...this.#memberOptions(), monitor: true }),
    );
    const monitoring = new Promise<Redis>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('monitoring', () => resolve(connection));
    });
    if (callback) monitoring.then((monitor) => callback(null, monitor), callback);
    return monitoring;
  }

  /** Ends all connections at once; what is unanswered fails. `true`: and connects again. */
  override disconnect(reconnect = false): void {
    if (reconnect) {
      this.#pool.close();
      this.#update();
    } else {
      this.#end(new Error(CLOSED));
    }
  }

  override sendCommand(command: Command, stream?: WriteableStream): unknown {
    const isQuit = nameOf(command) === 'quit' && !stream;
    if (this.status === 'wait' && !isQuit) this.connect().catch(() => undefined);
    if (this.#isLeaving) {
      command.reject(this.#endReason);
    } else if (isQuit) {
      void this.#quit(command);
    } else if (isSubscription(command)) {
      passOver(stream);
      this.#subscriber.send(command);
    } else if (isOfOneConnection(command)) {
      passOver(stream);
      command.reject(
        new Error(`${nameOf(command).toUpperCase()} is of one connection: use connection()`),
      );
    } else if (this.#pinned !== null || (!stream && /^(watch|multi)$/.test(nameOf(command)))) {
      this.#sendPinned(command, stream);
    } else if (stream) {
      this.#sendByPool(command, stream);
    } else if (isBlocking(command)) {
      this.#sendAlone(command);
    } else if (isSetting(command)) {
      this.#sendToAll(command);
    } else {
      this.#sendByPool(command, undefined);
    }
    return command.promise;
  }

  #sendByPool(command: Command, stream: WriteableStream | undefined): void {
    const member = this.#waiting.isEmpty ? this.#memberFor(stream) : null;
    if (member !== null) {
      member.send(command, stream);
    } else if (this.#redis.enableOfflineQueue === false) {
      passOver(stream);
      command.reject(this.#noProxy());
    } else {
      this.#waiting.add(command, stream);
    }
  }

  /** All commands of a pipeline go to one proxy. */
  #memberFor(stream: WriteableStream | undefined): Member | null {
    const chosen = stream && this.#memberOf.get(stream);
    if (chosen) return chosen;
    const member = this.#pool.pick();
    if (member !== null && isPipeline(stream)) {
      sendTo(stream, member.client);
      this.#memberOf.set(stream, member);
    }
    return member;
  }

  /** From WATCH to EXEC this client is what ioredis always is: one connection. */
  #sendPinned(command: Command, stream: WriteableStream | undefined): void {
    const connection = (this.#pinned ??= this.#spares.take());
    if (isPipeline(stream)) sendTo(stream, connection);
    connection.sendCommand(command, stream);
    if (!TRANSACTION_ENDS.has(nameOf(command))) return;
    this.#pinned = null;
    this.#giveBack(connection, command);
  }

  #sendAlone(command: Command): void {
    const connection = this.#spares.take();
    const { resolve } = command;
    command.resolve = (value: unknown) => {
      command.resolve = resolve;
      // A proxy that goes answers those who wait as if their time was over; here it never is.
      const isForEver =
        command.extractBlockingTimeout() === 0 && !(Number(this.#redis.blockingTimeout) > 0);
      if (value === null && isForEver && !this.#isLeaving) this.#sendAlone(command);
      else resolve(value);
      this.#spares.give(connection);
    };
    const { reject } = command;
    command.reject = (error) => {
      command.reject = reject;
      reject(error);
      this.#spares.give(connection);
    };
    connection.sendCommand(command);
  }

  #giveBack(connection: ProxyConnection, after: Command): void {
    const give = () => this.#spares.give(connection);
    after.promise.then(give, give);
  }

  /** SELECT and the like: on every connection there is, and on those to come. */
  #sendToAll(command: Command): void {
    this.#redis = withSetting(this.#redis, command);
    this.#spares.renew();
    for (const { client } of this.#pool.members) {
      // Its failure is that of the caller's own, or that of a connection which is lost.
      client.call(nameOf(command), command.args.map(String)).catch(() => undefined);
    }
    this.#sendByPool(command, undefined);
  }

  #onUnanswered(command: Command, member: Member): void {
    const attempts = (this.#attempts.get(command) ?? 1) + 1;
    if (this.#isEnded) {
      command.reject(this.#endReason);
    } else if (!isRepeatable(command) || attempts > MOST_ATTEMPTS) {
      command.reject(outcomeUnknown(command, member.addr));
    } else {
      this.#attempts.set(command, attempts);
      // By itself: its pipeline has been written.
      delete command.pipelineIndex;
      this.#sendByPool(command, undefined);
    }
  }

  async #start(): Promise<void> {
    if (this.#isLeaving) throw this.#endReason;
    this.#become('connecting');
    const ready = new Promise<void>((resolve) => {
      this.#resolveReady = resolve;
    });
    this.#following = this.#directory.onChange(() => this.#update());
    this.#directory.retain();
    this.#update();
    const { startDeadlineMs, unreachable } = this.#settings;
    try {
      await withDeadline(ready, startDeadlineMs, 'the start');
    } catch (cause) {
      if (!(cause instanceof DeadlineError)) throw cause;
      const error = this.#startFailure(cause);
      // With `fail` it is told by the rejection; an event that nobody expects would be told twice.
      if (unreachable === 'wait' || this.listenerCount('error') > 0) {
        this.silentEmit('error', error);
      }
      if (unreachable === 'wait') await ready;
      else this.#end(error);
    }
    if (this.#isEnded) throw this.#endReason;
  }

  #startFailure(cause: Error): Error {
    const { coordinator, zk, embeddedPath, product, startDeadlineMs } = this.#settings;
    const { lastFailure, proxies } = this.#directory;
    if (lastFailure === '' && proxies.length > 0) return this.#noProxy();
    const what = coordinator === 'zookeeper' ? `ZooKeeper at ${zk}` : `the folder ${embeddedPath}`;
    if (!this.#directory.isRead) {
      const reason = lastFailure || `nothing within ${startDeadlineMs} ms`;
      return new OperatorError(`${what} does not answer (${reason})`, {
        hint: 'is it running, and is the address that of the proxies?',
        cause,
      });
    }
    return new OperatorError(`no proxy of product ${product} is online at ${what}`, {
      hint: 'start codis-proxy, or check the product: codis-config proxy list',
      cause,
    });
  }

  #update(): void {
    const { proxies } = this.#directory;
    this.#pool.update(proxies);
    this.emit('proxies', proxies);
    this.#checkReachable();
  }

  #onReady(): void {
    if (this.status !== 'ready') this.#become('ready');
    this.#resolveReady();
    for (const { commands, stream } of this.#waiting.take()) {
      for (const command of commands) this.#sendByPool(command, stream);
    }
  }

  #checkReachable(): void {
    if (this.status !== 'ready' || this.#pool.hasUsable) return;
    this.#become('reconnecting');
    this.silentEmit('error', this.#noProxy());
  }

  async #quit(command: Command): Promise<void> {
    this.#isLeaving = true;
    while (!this.#waiting.isEmpty && !this.#isEnded) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all([this.#pool.drain(), this.#spares.drain()]);
    this.#end(new Error(CLOSED));
    command.resolve(Buffer.from('OK'));
  }

  get #isEnded(): boolean {
    return this.status === 'end';
  }

  #end(reason: Error): void {
    if (this.#isEnded) return;
    this.#isLeaving = true;
    this.#endReason = reason;
    this.#become('close');
    this.#become('end');
    this.#following?.close();
    this.#pool.close();
    this.#spares.close();
    this.#subscriber.close();
    for (const batch of this.#waiting.take()) rejectAll(batch, reason);
    // Only what was begun is ended; the session with the coordinator ends behind our back.
    if (this.#following) this.#directory.release().catch(() => undefined);
    this.#resolveReady();
  }

  #become(status: Redis['status']): void {
    this.status = status;
    process.nextTick(() => this.emit(status));
  }

  #noProxy(): NoProxyError {
    const { product } = this.#settings;
    const reason = this.#directory.lastFailure || this.#pool.describeFailures();
    return new NoProxyError(`no proxy of product ${product} can be reached (${reason})`);
  }

  /** Keys have got their prefix here, and scripts are known here. */
  #memberOptions(): ProxyRedisOptions {
    return { ...this.#redis, keyPrefix: '', enableAutoPipelining: false, scripts: undefined };
  }

  #connectionOptions(redis: ProxyConnectionOptions['redis']): ProxyConnectionOptions {
    const { proxyDeadlineMs } = this.#settings;
    return { directory: this.#directory, listDeadlineMs: proxyDeadlineMs, redis };
  }
}

function rejectAll({ commands }: CommandBatch, error: Error): void {
  for (const command of commands) command.reject(error);
}
