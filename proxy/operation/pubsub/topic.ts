/** What SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE name; they have nothing to do with each other. */
export type TopicKind = 'channel' | 'pattern' | 'shard';

/** Somebody who is sent messages. */
export interface Listener {
  /** @param message in RESP2; see {@link MessageForms} */
  hear(message: MessageForms): void;
}

/** A message as each protocol has it: they differ in the first byte. */
export class MessageForms {
  readonly resp2: Buffer;
  #resp3: Buffer | null = null;

  constructor(resp2: Buffer) {
    this.resp2 = resp2;
  }

  get resp3(): Buffer {
    if (this.#resp3 === null) {
      this.#resp3 = Buffer.from(this.resp2);
      this.#resp3[0] = 0x3e;
    }
    return this.#resp3;
  }
}

/** A channel or pattern that clients of this worker listen to. */
export class Topic {
  readonly kind: TopicKind;
  /** A byte string. */
  readonly name: string;
  readonly listeners = new Set<Listener>();
  /** How many are about to listen: they wait for the servers. */
  joining = 0;
  /** Resolves when the servers know of it; null: they do. */
  announced: Promise<void> | null = null;

  constructor(kind: TopicKind, name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Those who listen, or are about to. */
  get clientCount(): number {
    return this.listeners.size + this.joining;
  }

  get isUnused(): boolean {
    return this.clientCount === 0;
  }
}

/** Tells topics apart in a map. @param name a byte string */
export function topicId(kind: TopicKind, name: string): string {
  return `${kind} ${name}`;
}

/** The commands that begin and end listening. */
export const SUBSCRIBE: { readonly [kind in TopicKind]: string } = {
  channel: 'SUBSCRIBE',
  pattern: 'PSUBSCRIBE',
  shard: 'SSUBSCRIBE',
};
export const UNSUBSCRIBE: { readonly [kind in TopicKind]: string } = {
  channel: 'UNSUBSCRIBE',
  pattern: 'PUNSUBSCRIBE',
  shard: 'SUNSUBSCRIBE',
};
