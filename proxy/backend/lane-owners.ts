import type { Request } from '../request.js';
import type { HandshakeStep } from './handshake.js';
import { MAX_LANE_OWNERS } from './lane.js';

/** Somebody who has connections of his own at the servers: a client that tracks keys. */
export interface LaneOwner {
  /** What a new connection says after what all of them say, before any command. */
  greeting(addr: string, lane: number): readonly HandshakeStep[];
  /** Said before a command that carries a mark; see lane.ts. Null: nothing. */
  readonly markedPrefix: Buffer | null;
  /** A command is about to go out by one of the connections. */
  sending(request: Request): void;
  /** The server says this of its own accord. @param frame whole, ours to keep */
  pushed(frame: Buffer): void;
  /** A connection has said its greeting, for the first time or anew. */
  established(addr: string): void;
  /** A connection that had been established is gone: the server has forgotten what it was told by it. */
  lost(addr: string): void;
}

/** The owners of lanes in a worker, by their numbers. */
export class LaneOwners {
  readonly #owners = new Map<number, LaneOwner>();
  #last = 0;

  /** @returns the owner's number; null: there are too many */
  claim(owner: LaneOwner): number | null {
    if (this.#owners.size >= MAX_LANE_OWNERS) return null;
    do this.#last = (this.#last % MAX_LANE_OWNERS) + 1;
    while (this.#owners.has(this.#last));
    this.#owners.set(this.#last, owner);
    return this.#last;
  }

  of(id: number): LaneOwner | null {
    return this.#owners.get(id) ?? null;
  }

  release(id: number): void {
    this.#owners.delete(id);
  }
}
