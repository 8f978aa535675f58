import type { EventEmitter } from 'node:events';
import { type Command, ReplyError } from 'ioredis';
import { ProxyConnection, type ProxyConnectionOptions } from './proxy-connection.js';

const EVENTS = [
  ...['message', 'pmessage', 'smessage'],
  ...['messageBuffer', 'pmessageBuffer', 'smessageBuffer'],
];

/** The one connection of a client that its subscriptions are on; made with the first of them. */
export class Subscriber {
  readonly #options: () => ProxyConnectionOptions;
  readonly #emitter: EventEmitter;
  #connection: ProxyConnection | null = null;

  /** @param emitter emits ioredis's events of messages */
  constructor(options: () => ProxyConnectionOptions, emitter: EventEmitter) {
    this.#options = options;
    this.#emitter = emitter;
  }

  send(command: Command): void {
    this.#connection ??= this.#connect();
    this.#connection.sendCommand(command);
  }

  close(): void {
    this.#connection?.disconnect();
    this.#connection = null;
  }

  #connect(): ProxyConnection {
    const connection = new ProxyConnection(this.#options());
    for (const event of EVENTS) {
      connection.on(event, (...args: unknown[]) => this.#emitter.emit(event, ...args));
    }
    // A connection that is lost is made again; a refusal is for the caller to know of.
    connection.on('error', (error) => {
      if (error instanceof ReplyError) this.#emitter.emit('error', error);
    });
    return connection;
  }
}
