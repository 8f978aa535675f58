import type { SubscriberConnection } from './subscriber-connection.js';

/** Messages of the new master that are remembered, for the former one may repeat them. */
const MAX_REMEMBERED = 50_000;

/**
 * A group that has a new master, while we listen to both. A proxy that has not heard of the change
 * publishes at the former one still. If that is a replica now it repeats, besides, what is
 * published at the new one; those are passed over.
 *
 * What it repeats has been published at the new master before, which has sent it to us before: when
 * the new one has answered a PING that was sent after the former's message came, then its own copy
 * has come if there is one.
 */
export class Succession {
  readonly former: SubscriberConnection;
  readonly successor: SubscriberConnection;
  readonly #deliver: (topicId: string, frame: Buffer) => void;
  /** What the new master has said, and how often, as far as the former one has not repeated it. */
  readonly #unrepeated = new Map<string, number>();
  #count = 0;
  #pending: { readonly topicId: string; readonly frame: Buffer }[] = [];
  #isAsking = false;
  #asking: Promise<void> = Promise.resolve();

  constructor(
    former: SubscriberConnection,
    successor: SubscriberConnection,
    deliver: (topicId: string, frame: Buffer) => void,
  ) {
    this.former = former;
    this.successor = successor;
    this.#deliver = deliver;
  }

  /** The new master has said this. */
  noteSuccessor(frame: Buffer): void {
    if (this.#count === MAX_REMEMBERED) this.#forgetOldest();
    const text = frame.toString('latin1');
    this.#unrepeated.set(text, (this.#unrepeated.get(text) ?? 0) + 1);
    this.#count++;
  }

  /** The former master has said this: delivered unless it turns out to be repeated. */
  takeFormer(topicId: string, frame: Buffer): void {
    this.#pending.push({ topicId, frame });
    if (!this.#isAsking) this.#asking = this.#ask();
  }

  /** Resolves when all has been delivered that the former master has published until now. */
  async formerFlushed(): Promise<void> {
    await this.former.flushed();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#pending.length > 0) {
      const asked = this.#pending;
      this.#pending = [];
      await this.successor.flushed();
      for (const { topicId, frame } of asked) {
        if (!this.#isRepeated(frame)) this.#deliver(topicId, frame);
      }
    }
    this.#isAsking = false;
  }

  #isRepeated(frame: Buffer): boolean {
    const text = frame.toString('latin1');
    const count = this.#unrepeated.get(text);
    if (count === undefined) return false;
    if (count === 1) this.#unrepeated.delete(text);
    else this.#unrepeated.set(text, count - 1);
    this.#count--;
    return true;
  }

  #forgetOldest(): void {
    const [text, count] = this.#unrepeated.entries().next().value!;
    this.#unrepeated.delete(text);
    this.#count -= count;
  }
}
