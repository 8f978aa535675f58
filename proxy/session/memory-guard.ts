/** What clients may hold of our memory; bytes. */
export interface MemoryLimits {
  /** Of replies that one client does not take. */
  readonly outputPerClient: number;
  /** The same, of all clients together. */
  readonly outputTotal: number;
  /** Of commands that have begun to come and are not complete, of all clients together. */
  readonly inputTotal: number;
}

/** A client as the guard sees it. */
export interface GuardedClient {
  /** The memory of replies that it has not taken. */
  readonly pendingOutput: number;
  /** Bytes received of commands that are not complete. */
  readonly pendingInput: number;
  destroy(): void;
}

/** Why clients were closed, how often. */
export interface ClosedClients {
  /** They did not take their replies. */
  output: number;
  /** They sent too large commands, too slowly. */
  input: number;
}

/**
 * Between two looks it is acted so much below the limit, and as much again is made room: memory that is
 * being read into is nobody's yet, and the next reply is not to have us choose again.
 */
const MARGIN_SHARE = 1 / 32;

/**
 * Closes clients that would make the process grow without end, as Redis does by its
 * client-output-buffer-limit: one that is over its own limit; and while all together are over
 * theirs, the one who holds most. Others are paused before it comes to that: see Session.
 */
export class MemoryGuard {
  readonly #limits: MemoryLimits;
  readonly closed: ClosedClients = { output: 0, input: 0 };
  /** As of the last look, with what has been told since; bytes. */
  outputBytes = 0;
  /** As of the last look; bytes. */
  inputBytes = 0;
  /** Clients with pending output, and what `outputBytes` has of each. */
  readonly #counted = new Map<GuardedClient, number>();

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** To be called when a client's pending output has grown. @returns false: it has been closed */
  admitsOutput(client: GuardedClient): boolean {
    const { outputPerClient, outputTotal } = this.#limits;
    const pending = client.pendingOutput;
    if (pending > outputPerClient) {
      this.closed.output++;
      client.destroy();
      return false;
    }
    this.outputBytes += pending - (this.#counted.get(client) ?? 0);
    this.#counted.set(client, pending);
    const margin = outputTotal * MARGIN_SHARE;
    if (this.outputBytes <= outputTotal - margin) return true;
    const clients = [...this.#counted.keys()];
    this.#count(clients);
    const excess = this.outputBytes - outputTotal + margin;
    if (excess > 0) this.#closeForOutput(clients, excess + margin);
    return this.#counted.has(client);
  }

  /** The client is gone, and holds nothing any more. */
  forget(client: GuardedClient): void {
    const bytes = this.#counted.get(client);
    if (bytes === undefined) return;
    this.#counted.delete(client);
    this.outputBytes -= bytes;
  }

  /** To be called some times a second. */
  look(clients: Iterable<GuardedClient>): void {
    const all = [...clients];
    this.#count(all);
    this.inputBytes = all.reduce((sum, { pendingInput }) => sum + pendingInput, 0);
    const { outputTotal, inputTotal } = this.#limits;
    this.#closeForOutput(all, this.outputBytes - outputTotal);
    for (const { bytes } of closeLargest(all, 'pendingInput', this.inputBytes - inputTotal)) {
      this.closed.input++;
      this.inputBytes -= bytes;
    }
  }

  #count(clients: readonly GuardedClient[]): void {
    this.#counted.clear();
    this.outputBytes = 0;
    for (const client of clients) {
      const pending = client.pendingOutput;
      if (pending === 0) continue;
      this.#counted.set(client, pending);
      this.outputBytes += pending;
    }
  }

  #closeForOutput(clients: readonly GuardedClient[], excess: number): void {
    for (const { client } of closeLargest(clients, 'pendingOutput', excess)) {
      this.closed.output++;
      this.forget(client);
    }
  }
}

/** Closes those that hold most until the excess is gone. @returns them, with what they held */
function closeLargest(
  clients: readonly GuardedClient[],
  what: 'pendingOutput' | 'pendingInput',
  excess: number,
): { client: GuardedClient; bytes: number }[] {
  if (excess <= 0) return [];
  const held = clients
    .map((client) => ({ client, bytes: client[what] }))
    .sort((a, b) => b.bytes - a.bytes);
  let missing = excess;
  let count = 0;
  for (; count < held.length && missing > 0; count++) {
    missing -= held[count]!.bytes;
    held[count]!.client.destroy();
  }
  return held.slice(0, count);
}
