import type { Request } from '../request.js';

/** Bounds what waits in a whole worker. */
export interface WaitingBudget {
  /** @returns false if there is no room for a command of that many bytes */
  admit(bytes: number): boolean;
  leave(bytes: number): void;
}

export interface ParkedCommand {
  readonly request: Request;
  readonly bytes: Buffer;
}

/**
 * Commands that wait for the connection to a server, in the order they came: until it has been away
 * for the time, so that no client is kept waiting again and again for one that is gone for good.
 */
export class ParkedCommands {
  readonly #waitMs: number;
  readonly #budget: WaitingBudget | null;
  /** Since when there has been no connection, by performance.now(). */
  #awaySinceMs = performance.now();
  #commands: ParkedCommand[] = [];

  /** @param budget null: no bound */
  constructor(waitMs: number, budget: WaitingBudget | null) {
    this.#waitMs = waitMs;
    this.#budget = budget;
  }

  /** The connection has been lost just now. */
  noteLost(): void {
    this.#awaySinceMs = performance.now();
  }

  get mayWait(): boolean {
    return performance.now() - this.#awaySinceMs < this.#waitMs;
  }

  /** @returns false if it must not wait, or there is no room */
  add(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): boolean {
    if (!this.mayWait) return false;
    if (this.#budget?.admit(end - start) === false) return false;
    const own = isOwned ? bytes.subarray(start, end) : Buffer.from(bytes.subarray(start, end));
    this.#commands.push({ request, bytes: own });
    return true;
  }

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  /** All of them: none waits here any more. */
  takeAll(): readonly ParkedCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    for (const { bytes } of commands) this.#budget?.leave(bytes.length);
    return commands;
  }
}
