import type { ClientListening } from '../../command/local-context.js';
import type { OperationClient } from '../operation.js';
import { SubscriberMode } from './subscriber-mode.js';
import type { Subscriptions } from './subscriptions.js';
import type { Listener, MessageForms, Topic, TopicKind } from './topic.js';

/** What one client listens to. */
export class ClientSubscriptions implements Listener, ClientListening {
  readonly #client: OperationClient;
  readonly #subscriptions: Subscriptions;
  /** By their names, which are byte strings. */
  readonly #topics: { readonly [kind in TopicKind]: Map<string, Topic> } = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  /** Since when it has had more than the soft limit to take; 0: it has not. */
  #slowSince = 0;

  constructor(client: OperationClient, subscriptions: Subscriptions) {
    this.#client = client;
    this.#subscriptions = subscriptions;
  }

  /** How many of a kind, as CLIENT LIST has it. */
  count(kind: TopicKind): number {
    return this.#topics[kind].size;
  }

  /** The number in a confirmation: channels and patterns count together. */
  confirmedCount(kind: TopicKind): number {
    return kind === 'shard' ? this.count('shard') : this.count('channel') + this.count('pattern');
  }

  get total(): number {
    return this.confirmedCount('channel') + this.count('shard');
  }

  names(kind: TopicKind): readonly string[] {
    return [...this.#topics[kind].keys()];
  }

  /** Takes a place that was prepared for it. */
  add(topic: Topic): void {
    const topics = this.#topics[topic.kind];
    if (topics.has(topic.name)) {
      this.#subscriptions.giveUp(topic);
      return;
    }
    topics.set(topic.name, topic);
    this.#subscriptions.join(topic, this);
  }

  remove(kind: TopicKind, name: string): void {
    const topic = this.#topics[kind].get(name);
    if (topic === undefined) return;
    this.#topics[kind].delete(name);
    this.#subscriptions.leave(topic, this);
  }

  /** To be called when their number has changed, or the protocol: in RESP2 they limit the client. */
  updateMode(): void {
    const client = this.#client;
    if (this.total > 0 && client.protocol === 2) client.mode ??= SUBSCRIBER_MODE;
    else if (client.mode === SUBSCRIBER_MODE) client.mode = null;
  }

  hear(message: MessageForms): void {
    const client = this.#client;
    client.push(client.protocol === 3 ? message.resp3 : message.resp2);
    const { hardBytes, softBytes, softMs } = this.#subscriptions.settings.outputLimits;
    const { pendingOutput } = client;
    if (softBytes === 0 || pendingOutput <= softBytes) {
      this.#slowSince = 0;
      if (hardBytes > 0 && pendingOutput > hardBytes) this.#cutOff();
      return;
    }
    const now = performance.now();
    if (this.#slowSince === 0) this.#slowSince = now;
    const isTooLong = now - this.#slowSince > softMs;
    if (isTooLong || (hardBytes > 0 && pendingOutput > hardBytes)) this.#cutOff();
  }

  /** The client is gone, or has been RESET. */
  end(): void {
    for (const topics of Object.values(this.#topics)) {
      for (const topic of topics.values()) this.#subscriptions.leave(topic, this);
      topics.clear();
    }
    this.updateMode();
  }

  #cutOff(): void {
    this.#subscriptions.slowClients++;
    this.#client.destroy();
  }
}

const SUBSCRIBER_MODE = new SubscriberMode();
