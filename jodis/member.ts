import { type Command, Redis } from 'ioredis';
import { parseAddress } from '../base/address.js';
import { Backoff } from '../base/backoff.js';
import { messageOf } from '../base/errors.js';
import type { ProxyRedisOptions } from './options.js';
import type { WriteableStream } from './pipeline-stream.js';

/**
 * - `connecting`: never used before
 * - `ready`: takes commands
 * - `waiting`: before the next attempt to connect
 * - `retiring`: takes no commands; ends when those it has are answered
 * - `closed`
 */
type MemberState = 'connecting' | 'ready' | 'waiting' | 'retiring' | 'closed';

const LEGAL_TRANSITIONS: Record<MemberState, readonly MemberState[]> = {
  connecting: ['ready', 'waiting', 'closed'],
  ready: ['waiting', 'retiring', 'closed'],
  waiting: ['connecting', 'closed'],
  retiring: ['closed'],
  closed: [],
};

/** A proxy that restarts is found again soon; one that is gone costs next to nothing. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/** With others to go to, nobody needs to wait for long for a proxy that does not answer. */
const CONNECT_TIMEOUT_MS = 3_000;
/** A proxy that owes replies and is silent for so long is passed over while another is not. */
const SILENCE_MS = 1_500;
/** Longer than a proxy takes to drain: what is unanswered by then is not going to be. */
const RETIRE_DEADLINE_MS = 30_000;

export interface MemberEvents {
  onReady(member: Member): void;
  /** The connection ended, or could not be made. */
  onLost(member: Member): void;
  /** The command was sent, and the connection ended before its reply. */
  onUnanswered(command: Command, member: Member): void;
}

/** One proxy of the pool: a connection that is made anew, as a new ioredis client, when it ends. */
export class Member {
  readonly addr: string;
  readonly #options: () => ProxyRedisOptions;
  readonly #events: MemberEvents;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  #state: MemberState = 'connecting';
  #client: Redis;
  #timer: NodeJS.Timeout | undefined;
  /** When the proxy last sent something or, if later, when it was sent a command while idle. */
  #progressAt = 0;
  lastFailure = '';

  /** @param options of ioredis, asked for each connection */
  constructor(addr: string, options: () => ProxyRedisOptions, events: MemberEvents) {
    this.addr = addr;
    this.#options = options;
    this.#events = events;
    this.#client = this.#connect();
  }

  get state(): MemberState {
    return this.#state;
  }

  /** The ioredis client of the connection of now. */
  get client(): Redis {
    return this.#client;
  }

  /** A command given to it is written to the proxy's connection at once. */
  get isUsable(): boolean {
    const { stream } = this.#client;
    return this.#state === 'ready' && stream.writable && !stream.writableEnded;
  }

  /** It owes replies and has not said a word for a while: frozen, or cut off without a sign. */
  get isSilent(): boolean {
    return this.inFlight > 0 && performance.now() - this.#progressAt > SILENCE_MS;
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.#client.commandQueue.length;
  }

  /** To be called of a usable one only: the command counts as sent from here on. */
  send(command: Command, stream?: WriteableStream): void {
    const client = this.#client;
    if (client.commandQueue.length === 0) this.#progressAt = performance.now();
    const reject = command.reject;
    command.reject = (error) => {
      command.reject = reject;
      // While the connection stands this is the server's word, or the caller's own deadline.
      if (client.status === 'ready' || command.isSettled) reject(error);
      else this.#events.onUnanswered(command, this);
    };
    client.sendCommand(command, stream);
  }

  /** Takes no more commands; the connection is closed when those it has are answered. */
  retire(): void {
    if (this.#state !== 'ready') {
      this.close();
      return;
    }
    this.#become('retiring');
    const deadline = performance.now() + RETIRE_DEADLINE_MS;
    const endIfAnswered = (): void => {
      if (this.inFlight === 0 || performance.now() > deadline) this.close();
    };
    this.#timer = setInterval(endIfAnswered, 5);
    endIfAnswered();
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#stopTimer();
    this.#become('closed');
    this.#client.disconnect();
  }

  #connect(): Redis {
    const { host, port } = parseAddress(this.addr, 'proxy');
    const client = new Redis({
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...this.#options(),
      host: host || 'localhost',
      port,
      lazyConnect: true,
      // A loss is ours to deal with: ioredis would send again what was sent, writes too.
      retryStrategy: () => null,
      maxRetriesPerRequest: null,
    });
    client.on('error', (error) => {
      this.lastFailure = messageOf(error);
    });
    client.once('ready', () => this.#onReady(client));
    client.once('end', () => this.#onEnd(client));
    // Its failure is told by 'error' and 'end'.
    client.connect().catch(() => undefined);
    return client;
  }

  #onReady(client: Redis): void {
    if (client !== this.#client || this.#state !== 'connecting') return;
    client.stream.on('data', () => {
      this.#progressAt = performance.now();
    });
    this.#backoff.reset();
    this.lastFailure = '';
    this.#become('ready');
    this.#events.onReady(this);
  }

  #onEnd(client: Redis): void {
    if (client !== this.#client || this.#state === 'closed') return;
    this.lastFailure ||= 'the connection was closed';
    if (this.#state === 'retiring') {
      this.#stopTimer();
      this.#become('closed');
      return;
    }
    this.#become('waiting');
    this.#timer = setTimeout(() => {
      this.#become('connecting');
      this.#client = this.#connect();
    }, this.#backoff.nextMs());
    this.#events.onLost(this);
  }

  #stopTimer(): void {
    // Node clears intervals and timeouts alike.
    clearTimeout(this.#timer);
  }

  #become(next: MemberState): void {
    if (!LEGAL_TRANSITIONS[this.#state].includes(next)) {
      throw new Error(`proxy ${this.addr}: ${this.#state} -> ${next} is not legal`);
    }
    this.#state = next;
  }
}
