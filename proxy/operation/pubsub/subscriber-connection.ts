import { Backoff } from '../../../base/backoff.js';
import { messageOf } from '../../../base/errors.js';
import type { Logger } from '../../../base/log.js';
import { Ring } from '../../../base/ring.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import type { DedicatedConnection } from '../../backend/dedicated-connection.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import { type Flushable, turn } from '../../io/turn.js';
import { readServerMessage } from './server-message.js';
import { SUBSCRIBE, type Topic, type TopicKind, topicId, UNSUBSCRIBE } from './topic.js';

/** Every server speaks RESP2, and its messages become those of RESP3 by their first byte. */
const LANE = laneOf(2, 0);
const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
/** Topics named in one command when a connection is made anew. */
const TOPICS_A_COMMAND = 1000;
/** Of `timeoutMs`: a server that still speaks, but does not answer, does not know of the question. */
const LONGEST_OWED = 3;
/** The server executes next to nothing now, not even PING. */
const NOT_NOW = /^(LOADING|BUSY|MASTERDOWN) /;

/**
 * - `connecting`: until the server has confirmed all topics
 * - `listening`
 * - `waiting`: before the next attempt
 * - `closed`
 */
type State = 'connecting' | 'listening' | 'waiting' | 'closed';

export interface SubscriberSettings {
  readonly timeoutMs: number;
  readonly pingPeriodMs: number;
}

/** Who is told what the servers say. */
export interface SubscriberConnectionOwner {
  readonly topics: Iterable<Topic>;
  heard(connection: SubscriberConnection, topicId: string, channel: string, frame: Buffer): void;
}

interface Ping {
  readonly sentAt: number;
  readonly resolve: () => void;
}

/** The one connection by which a worker listens at a server, for all its clients. */
export class SubscriberConnection implements Flushable {
  readonly addr: string;
  readonly groupId: number;
  /** Topics that the server has confirmed, by their id. */
  readonly confirmed = new Set<string>();
  /** Times it was lost. */
  losses = 0;
  readonly #server: Server;
  readonly #owner: SubscriberConnectionOwner;
  readonly #settings: SubscriberSettings;
  readonly #log: Logger;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  readonly #pings = new Ring<Ping>();
  #state: State = 'connecting';
  #connection: DedicatedConnection | null = null;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Commands of this turn. */
  #unsent: Buffer[] = [];
  /** Who waits for the connection. */
  #waiting: (() => void)[] = [];
  #heardAt = 0;
  #isRetired = false;

  constructor(
    server: Server,
    owner: SubscriberConnectionOwner,
    settings: SubscriberSettings,
    log: Logger,
  ) {
    this.addr = server.addr;
    this.groupId = server.groupId;
    this.#server = server;
    this.#owner = owner;
    this.#settings = settings;
    this.#log = log.child({ server: server.addr, group: server.groupId });
    void this.#connect();
  }

  get isListening(): boolean {
    return this.#state === 'listening';
  }

  subscribe(kind: TopicKind, names: readonly string[]): void {
    this.#say(encodeMultibulk([SUBSCRIBE[kind], ...names]));
  }

  unsubscribe(kind: TopicKind, names: readonly string[]): void {
    this.#say(encodeMultibulk([UNSUBSCRIBE[kind], ...names]));
  }

  /**
   * Resolves when the server has done all that it was told before, and everything that it had
   * published by then has been heard. Also when the connection is lost, or cannot be made: then it
   * is told of all topics when it comes back.
   */
  flushed(): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'waiting') return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#connection === null) {
        this.#waiting.push(resolve);
        return;
      }
      this.#pings.push({ sentAt: performance.now(), resolve });
      this.#say(PING);
    });
  }

  /** To be called about once a second. */
  tick(): void {
    if (this.#connection === null) return;
    const now = performance.now();
    const oldest = this.#pings.peek();
    const { timeoutMs, pingPeriodMs } = this.#settings;
    if (oldest !== undefined && now - oldest.sentAt > timeoutMs) {
      const isLost = now - oldest.sentAt > LONGEST_OWED * timeoutMs;
      if (isLost || now - this.#heardAt > timeoutMs) this.#connection.close();
    } else if (oldest === undefined && pingPeriodMs > 0 && now - this.#heardAt > pingPeriodMs) {
      void this.flushed();
    }
  }

  /** It is not made anew from now on. */
  retire(): void {
    this.#isRetired = true;
    if (this.#connection === null) this.close();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#retryTimer);
    this.#connection?.close();
    this.#settle();
  }

  /** Sends this turn's commands. */
  flush(): void {
    const commands = this.#unsent;
    this.#unsent = [];
    if (commands.length > 0) this.#connection?.post(Buffer.concat(commands));
  }

  async #connect(): Promise<void> {
    this.#state = 'connecting';
    let connection: DedicatedConnection;
    try {
      connection = await this.#server.pool.openDetached(LANE);
    } catch (error) {
      this.#retry(messageOf(error));
      return;
    }
    if (this.#hasBeenClosed()) {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#heardAt = performance.now();
    connection.onMessage = (frame) => this.#receive(frame);
    connection.onClosed = (reason) => {
      this.#connection = null;
      this.losses++;
      this.#retry(reason);
    };
    this.#tellAll();
    const waiting = this.#waiting;
    this.#waiting = [];
    void this.flushed().then(() => {
      for (const resolve of waiting) resolve();
      if (this.#connection !== connection) return;
      this.#state = 'listening';
      this.#backoff.reset();
      this.#log.info({ topics: this.confirmed.size }, 'listening');
    });
  }

  /** A method, as the state may have changed during an await. */
  #hasBeenClosed(): boolean {
    return this.#state === 'closed';
  }

  #tellAll(): void {
    const names: Record<TopicKind, string[]> = { channel: [], pattern: [], shard: [] };
    for (const topic of this.#owner.topics) names[topic.kind].push(topic.name);
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (let first = 0; first < names[kind].length; first += TOPICS_A_COMMAND) {
        this.subscribe(kind, names[kind].slice(first, first + TOPICS_A_COMMAND));
      }
    }
  }

  #say(command: Buffer): void {
    if (this.#connection === null) return;
    if (this.#unsent.length === 0) turn.flushLater(this);
    this.#unsent.push(command);
  }

  #receive(frame: Buffer): void {
    this.#heardAt = performance.now();
    const message = readServerMessage(frame);
    switch (message.type) {
      case 'message':
        this.#owner.heard(this, message.topicId, message.channel, frame);
        break;
      case 'listening':
        this.confirmed.add(message.topicId);
        break;
      case 'deaf':
        this.confirmed.delete(message.topicId);
        break;
      case 'pong':
        this.#pings.shift()?.resolve();
        break;
      case 'error':
        this.#refused(message.text);
        break;
      case 'other':
        break;
    }
  }

  /** The command was a PING, or else we would not listen to all that we are to listen to. */
  #refused(error: string): void {
    if (!NOT_NOW.test(error)) {
      this.#log.warn({ error }, 'the server refuses a subscription');
      return;
    }
    const isListening = [...this.#owner.topics].every(({ kind, name }) =>
      this.confirmed.has(topicId(kind, name)),
    );
    // Refused in its turn: all that was said before has been heard.
    if (isListening) this.#pings.shift()?.resolve();
    else this.#connection?.close();
  }

  #retry(reason: string): void {
    this.#settle();
    if (this.#isRetired) this.#state = 'closed';
    if (this.#state === 'closed') return;
    const wasListening = this.#state === 'listening';
    this.#state = 'waiting';
    const retryMs = this.#backoff.nextMs();
    if (wasListening) this.#log.warn({ reason, retryMs }, 'not listening any more');
    else this.#log.debug({ reason, retryMs }, 'still not listening');
    this.#retryTimer = setTimeout(() => void this.#connect(), retryMs);
  }

  /** Nobody is left waiting for a connection that is gone. */
  #settle(): void {
    this.confirmed.clear();
    this.#unsent = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    while (this.#pings.length > 0) this.#pings.shift()!.resolve();
  }
}
