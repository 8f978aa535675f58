import { type Flushable, turn } from '../../io/turn.js';
import type { Peers } from '../peers/peers.js';
import type { TopicCounts } from '../peers/questions.js';
import { matchesGlob } from './glob.js';
import { type TopicKind, topicId } from './topic.js';

const PATTERN_PREFIX = topicId('pattern', '');

/**
 * How many clients of the other workers listen to what: a server counts the connection of each
 * worker once, PUBLISH counts clients. Workers tell each other of changes, so that PUBLISH need not
 * ask.
 */
export class PeerListeners implements Flushable {
  readonly #peers: Peers;
  /** By the worker, then by the topic's id; none is 0. */
  readonly #counts = new Map<number, Map<string, number>>();
  /** Of our topics, changed in this turn. */
  #changed = new Map<string, number>();
  /** Resolves when the others know of all that has changed until now. */
  #told: Promise<void> = Promise.resolve();

  /** @param own what clients of this worker listen to */
  constructor(peers: Peers, own: () => TopicCounts) {
    this.#peers = peers;
    peers.on('listeners', ({ counts, isNew }, from) => {
      if (isNew) this.#counts.delete(from);
      this.#note(from, counts);
      return isNew ? own() : [];
    });
    if (!peers.areNone) void this.#begin();
  }

  /** Nobody listens at other workers. */
  get areNone(): boolean {
    return this.#counts.size === 0;
  }

  /** So many clients of this worker listen to the topic from now on. */
  change(id: string, count: number): void {
    if (this.#peers.areNone) return;
    if (this.#changed.size === 0) turn.flushLater(this);
    this.#changed.set(id, count);
  }

  /** Resolves when the others know of it, or do not answer. */
  async settled(): Promise<void> {
    if (this.#changed.size > 0) this.flush();
    await this.#told;
  }

  /** At the end of the turn. */
  flush(): void {
    const counts = [...this.#changed];
    if (counts.length === 0) return;
    this.#changed = new Map();
    const told = this.#peers.ask('listeners', { counts, isNew: false });
    this.#told = Promise.all([this.#told, told]).then(() => {});
  }

  /** Those who listen to just this, without one for each worker: servers count those. */
  beyondOne(kind: TopicKind, name: string): number {
    let sum = 0;
    const id = topicId(kind, name);
    for (const counts of this.#counts.values()) sum += Math.max(0, (counts.get(id) ?? 0) - 1);
    return sum;
  }

  /** The same, by patterns that a channel matches. */
  beyondOneByPattern(channel: string): number {
    let sum = 0;
    for (const counts of this.#counts.values()) {
      for (const [id, count] of counts) {
        if (count < 2 || !id.startsWith(PATTERN_PREFIX)) continue;
        if (matchesGlob(id.slice(PATTERN_PREFIX.length), channel)) sum += count - 1;
      }
    }
    return sum;
  }

  async #begin(): Promise<void> {
    for (const { from, answer } of await this.#peers.ask('listeners', {
      counts: [],
      isNew: true,
    })) {
      // What has been told meanwhile is newer.
      const told = [...(this.#counts.get(from) ?? [])];
      this.#note(from, answer);
      this.#note(from, told);
    }
  }

  #note(from: number, counts: TopicCounts): void {
    const known = this.#counts.get(from) ?? new Map<string, number>();
    for (const [id, count] of counts) {
      if (count > 0) known.set(id, count);
      else known.delete(id);
    }
    if (known.size > 0) this.#counts.set(from, known);
    else this.#counts.delete(from);
  }
}
