import { withDeadline } from '../../../base/deadline.js';
import { DeadlineError } from '../../../base/errors.js';
import type { Logger } from '../../../base/log.js';
import { slotOf } from '../../../cluster/slot-hash.js';
import type { TableObserver } from '../../router/router.js';
import type { ClusterAccess } from '../cluster-access.js';
import { peersOf } from '../peers/peers.js';
import { matchesGlob } from './glob.js';
import { PeerListeners } from './peer-listeners.js';
import { SlotFences } from './slot-fences.js';
import {
  SubscriberConnection,
  type SubscriberConnectionOwner,
  type SubscriberSettings,
} from './subscriber-connection.js';
import { Succession } from './succession.js';
import { type Listener, MessageForms, Topic, type TopicKind, topicId } from './topic.js';

const TICK_MS = 1000;
/** Longer than any proxy can take to hear of a new master. */
const FORMER_MASTER_MS = 60_000;

/** A message of a former master comes before those of its successor if it comes within this time. */
const FORMER_FLUSHED_MS = 1_000;

/** When a client that takes its messages too slowly is cut off; 0: never. */
export interface OutputLimits {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softMs: number;
}

export interface SubscriptionSettings extends SubscriberSettings {
  readonly outputLimits: OutputLimits;
}

/**
 * What the clients of a worker listen to.
 *
 * The worker listens at the master of every group, by one connection each, to all that its clients
 * listen to; each message is published at one server, so it comes once. PUBLISH goes to the group
 * of the channel's slot, which spreads the load; but scripts and transactions publish where their
 * keys are, and servers tell of their keys' events themselves. Since everybody listens everywhere,
 * nothing has to be handed over when a slot moves: its new owner has been listened to since it was
 * told of. A group is listened to before the change that brings it is acknowledged, so before any
 * proxy can send there.
 *
 * Messages are lost, as by any client of Redis, while a connection to a server is lost. With a new
 * master, those published at it between the first proxy's hearing of it and ours are heard through
 * the former one if that has become its replica, else lost.
 */
export class Subscriptions implements SubscriberConnectionOwner, TableObserver {
  readonly settings: SubscriptionSettings;
  readonly #cluster: ClusterAccess;
  readonly #log: Logger;
  readonly #topics = new Map<string, Topic>();
  /** By the server's address: the groups' masters. */
  readonly #connections = new Map<string, SubscriberConnection>();
  readonly #successions = new Map<SubscriberConnection, Succession>();
  readonly #fences = new SlotFences();
  readonly #peerListeners: PeerListeners;
  #timer: NodeJS.Timeout | undefined;
  #endObservation: (() => void) | null = null;
  #lossesOfFormer = 0;
  #messages = 0;
  /** Clients that were cut off, see OutputLimits. */
  slowClients = 0;

  constructor(cluster: ClusterAccess, settings: SubscriptionSettings, log: Logger) {
    this.#cluster = cluster;
    this.settings = settings;
    this.#log = log;
    this.#peerListeners = new PeerListeners(peersOf(cluster), () =>
      [...this.#topics].map(([id, topic]) => [id, topic.clientCount] as const),
    );
  }

  /** What is listened to, or about to be. */
  get topics(): Iterable<Topic> {
    return this.#topics.values();
  }

  /** Nobody listens at any worker of the proxy. */
  get isEmpty(): boolean {
    return this.#topics.size === 0 && this.#peerListeners.areNone;
  }

  stats() {
    let patterns = 0;
    for (const { kind } of this.#topics.values()) if (kind === 'pattern') patterns++;
    let losses = this.#lossesOfFormer;
    for (const connection of this.#connections.values()) losses += connection.losses;
    return {
      channels: this.#topics.size - patterns,
      patterns,
      messages: this.#messages,
      slowClients: this.slowClients,
      losses,
    };
  }

  /**
   * Has the servers tell us of the topics. Resolves when those that can be reached do; others will
   * when they come back. Each topic is to be joined or left afterwards.
   */
  async prepare(kind: TopicKind, names: readonly string[]): Promise<readonly Topic[]> {
    if (this.#endObservation === null) this.#start();
    const created: Topic[] = [];
    const topics = names.map((name) => {
      const id = topicId(kind, name);
      let topic = this.#topics.get(id);
      if (topic === undefined) {
        topic = new Topic(kind, name);
        this.#topics.set(id, topic);
        created.push(topic);
      }
      topic.joining++;
      this.#peerListeners.change(id, topic.clientCount);
      return topic;
    });
    if (created.length > 0) this.#announce(kind, created);
    const announced = new Set(topics.map((topic) => topic.announced));
    announced.delete(null);
    await Promise.all([...announced, this.#peerListeners.settled()]);
    return topics;
  }

  /** The listener, whose place has been prepared, hears from now on. */
  join(topic: Topic, listener: Listener): void {
    topic.joining--;
    topic.listeners.add(listener);
  }

  /** A place that was prepared is not taken. */
  giveUp(topic: Topic): void {
    topic.joining--;
    this.#noteFewer(topic);
  }

  leave(topic: Topic, listener: Listener): void {
    topic.listeners.delete(listener);
    this.#noteFewer(topic);
  }

  /** Resolves when the servers know what is not listened to any more. */
  async settled(): Promise<void> {
    const flushed = [...this.#connections.values()].map((each) => each.flushed());
    await Promise.all([...flushed, this.#peerListeners.settled()]);
  }

  /** Clients of this worker that listen to just this. */
  listeners(kind: TopicKind, name: string): number {
    return this.#topics.get(topicId(kind, name))?.listeners.size ?? 0;
  }

  /** Of the clients of each other worker that listen to just this, all but one. */
  peerListenersBeyondOne(kind: TopicKind, name: string): number {
    return this.#peerListeners.beyondOne(kind, name);
  }

  /** The server counts our connection among those that listen to this. */
  isConfirmed(addr: string, kind: TopicKind, name: string): boolean {
    return this.#connections.get(addr)?.confirmed.has(topicId(kind, name)) ?? false;
  }

  /**
   * The number of receivers with the clients of this proxy one by one. The server counts the
   * connection of a worker once for each topic that it has sent the message for.
   *
   * @param count as the server says
   */
  countedOneByOne(addr: string, kind: 'channel' | 'shard', channel: string, count: number): number {
    const confirmed = this.#connections.get(addr)?.confirmed;
    const id = topicId(kind, channel);
    let sum = count + this.#peerListeners.beyondOne(kind, channel);
    if (kind === 'channel') sum += this.#peerListeners.beyondOneByPattern(channel);
    if (confirmed === undefined) return sum;
    if (confirmed.has(id)) sum += this.listeners(kind, channel) - 1;
    if (kind === 'channel') {
      for (const [patternId, topic] of this.#topics) {
        if (topic.kind !== 'pattern' || !confirmed.has(patternId)) continue;
        if (matchesGlob(topic.name, channel)) sum += topic.listeners.size - 1;
      }
    }
    return Math.max(0, sum);
  }

  heard(connection: SubscriberConnection, id: string, channel: string, frame: Buffer): void {
    this.#messages++;
    if (this.#successions.size > 0) {
      const own = this.#successions.get(connection);
      if (own !== undefined) {
        own.takeFormer(id, frame);
        return;
      }
      for (const succession of this.#successions.values()) {
        if (succession.successor === connection) succession.noteSuccessor(frame);
      }
    }
    if (this.#fences.isAnyClosed) {
      const slotId = slotOf(Buffer.from(channel, 'latin1'));
      this.#fences.pass(slotId, connection.addr, () => this.#deliver(id, frame));
    } else {
      this.#deliver(id, frame);
    }
  }

  /** See TableObserver: acknowledged when we listen everywhere. */
  async tableChanged(): Promise<void> {
    const arrived = this.#followMasters();
    const flushed = (addr: string): Promise<void> =>
      this.#connections.get(addr)?.flushed() ?? this.#formerFlushed(addr);
    await Promise.all([
      ...arrived.map((connection) => connection.flushed()),
      this.#fences.follow((slotId) => this.#cluster.destinationOf(slotId), flushed),
    ]);
  }

  /** A former master may hang: its last messages may be late then, and the others are not. */
  async #formerFlushed(addr: string): Promise<void> {
    const succession = [...this.#successions.values()].find(({ former }) => former.addr === addr);
    if (succession === undefined) return;
    try {
      await withDeadline(succession.formerFlushed(), FORMER_FLUSHED_MS, addr);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.#log.info({ server: addr }, 'a former master does not answer: its messages may be late');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#endObservation?.();
    this.#fences.clear();
    for (const connection of this.#connections.values()) connection.close();
    for (const connection of this.#successions.keys()) connection.close();
  }

  #start(): void {
    this.#endObservation = this.#cluster.observeTable(this);
    this.#timer = setInterval(() => {
      for (const connection of this.#connections.values()) connection.tick();
    }, TICK_MS);
    void this.tableChanged();
  }

  #announce(kind: TopicKind, topics: readonly Topic[]): void {
    const names = topics.map((topic) => topic.name);
    const answers = [...this.#connections.values()].map((connection) => {
      connection.subscribe(kind, names);
      return connection.flushed();
    });
    const announced = Promise.all(answers).then(() => {
      for (const topic of topics) topic.announced = null;
    });
    for (const topic of topics) topic.announced = announced;
  }

  #noteFewer(topic: Topic): void {
    this.#peerListeners.change(topicId(topic.kind, topic.name), topic.clientCount);
    if (!topic.isUnused) return;
    this.#topics.delete(topicId(topic.kind, topic.name));
    for (const connection of this.#connections.values()) {
      connection.unsubscribe(topic.kind, [topic.name]);
    }
  }

  #deliver(id: string, frame: Buffer): void {
    const topic = this.#topics.get(id);
    if (topic === undefined) return;
    const message = new MessageForms(frame);
    for (const listener of topic.listeners) listener.hear(message);
  }

  /** @returns the connections that are new */
  #followMasters(): readonly SubscriberConnection[] {
    const arrived: SubscriberConnection[] = [];
    const left = new Map(this.#connections);
    for (const server of this.#cluster.allMasters()) {
      const { addr } = server;
      const known = left.get(addr);
      left.delete(addr);
      if (known !== undefined) {
        this.#connections.set(addr, known);
        continue;
      }
      this.#forgetFormer(addr);
      const connection = new SubscriberConnection(server, this, this.settings, this.#log);
      this.#connections.set(addr, connection);
      arrived.push(connection);
    }
    for (const [addr, connection] of left) {
      this.#connections.delete(addr);
      this.#lossesOfFormer += connection.losses;
      this.#succeed(connection);
    }
    return arrived;
  }

  /** A former master may be one again. */
  #forgetFormer(addr: string): void {
    for (const former of [...this.#successions.keys()]) {
      if (former.addr !== addr) continue;
      this.#successions.delete(former);
      former.close();
    }
  }

  /** Listens on to who has been a master, for those who do not know it yet. */
  #succeed(former: SubscriberConnection): void {
    former.retire();
    const successor = [...this.#connections.values()].find(
      ({ groupId }) => groupId === former.groupId,
    );
    if (successor === undefined) {
      former.close();
      return;
    }
    const succession = new Succession(former, successor, (id, frame) => this.#deliver(id, frame));
    this.#successions.set(former, succession);
    setTimeout(() => {
      this.#successions.delete(former);
      former.close();
    }, FORMER_MASTER_MS).unref();
  }
}

const ofClusters = new WeakMap<ClusterAccess, Subscriptions>();

/** Makes the subscriptions of the worker that has this access to the cluster. */
export function openSubscriptions(
  cluster: ClusterAccess,
  settings: SubscriptionSettings,
  log: Logger,
): Subscriptions {
  const subscriptions = new Subscriptions(cluster, settings, log);
  ofClusters.set(cluster, subscriptions);
  return subscriptions;
}

export function subscriptionsOf(cluster: ClusterAccess): Subscriptions {
  return ofClusters.get(cluster)!;
}
