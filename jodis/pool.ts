import { Member, type MemberEvents } from './member.js';
import type { ProxyRedisOptions } from './options.js';

/** A connection to each proxy that is online, used in turn. */
export class Pool {
  readonly #options: () => ProxyRedisOptions;
  readonly #events: MemberEvents;
  #members: readonly Member[] = [];
  /** Left the list, and still owe replies. */
  readonly #retired = new Set<Member>();
  #next = Math.floor(Math.random() * 1024);

  /** @param options of ioredis, asked for each connection */
  constructor(options: () => ProxyRedisOptions, events: MemberEvents) {
    this.#options = options;
    this.#events = events;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Connects to those that are new; those that are gone get no more commands from here on. */
  update(addrs: readonly string[]): void {
    const before = new Map(this.#members.map((member) => [member.addr, member]));
    this.#members = addrs.map(
      (addr) => before.get(addr) ?? new Member(addr, this.#options, this.#events),
    );
    for (const member of before.values()) {
      if (!addrs.includes(member.addr)) this.#retire(member);
    }
  }

  /** The next one in turn that takes commands; null if there is none. */
  pick(): Member | null {
    const count = this.#members.length;
    let silent: Member | null = null;
    for (let tries = 0; tries < count; tries++) {
      const member = this.#members[this.#next++ % count]!;
      if (!member.isUsable) continue;
      if (!member.isSilent) return member;
      silent ??= member;
    }
    return silent;
  }

  get hasUsable(): boolean {
    return this.#members.some((member) => member.isUsable);
  }

  /** No commands are taken any more; those that were sent are waited for. */
  async drain(): Promise<void> {
    this.update([]);
    while (this.#owing().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Ends all connections at once. */
  close(): void {
    for (const member of [...this.#members, ...this.#retired]) member.close();
    this.#members = [];
    this.#retired.clear();
  }

  /** What is known of those that cannot be used, for an error message. */
  describeFailures(): string {
    if (this.#members.length === 0) return 'none is online';
    return this.#members
      .map(({ addr, lastFailure, state }) => `${addr}: ${lastFailure || state}`)
      .join('; ');
  }

  #retire(member: Member): void {
    member.retire();
    this.#owing();
    if (member.state !== 'closed') this.#retired.add(member);
  }

  #owing(): readonly Member[] {
    for (const member of this.#retired) {
      if (member.state === 'closed') this.#retired.delete(member);
    }
    return [...this.#retired];
  }
}
