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
  /** Bytes of replies that it has not taken. */
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
 * Closes clients that would make the process grow without end, as Redis does by its
 * client-output-buffer-limit: one that is over its own limit; and while all together are over
 * theirs, the one who holds most. Others are paused before it comes to that: see Session.
 */
export class MemoryGuard {
  readonly #limits: MemoryLimits;
  readonly closed: ClosedClients = { output: 0, input: 0 };
  /** As of the last look; bytes. */
  outputBytes = 0;
  inputBytes = 0;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** To be called when a client's pending output has grown. @returns false: it has been closed */
  admitsOutput(client: GuardedClient): boolean {
    if (client.pendingOutput <= this.#limits.outputPerClient) return true;
    this.closed.output++;
    client.destroy();
    return false;
  }

  /** To be called some times a second. */
  look(clients: Iterable<GuardedClient>): void {
    this.outputBytes = 0;
    this.inputBytes = 0;
    const all = [...clients];
    for (const client of all) {
      this.outputBytes += client.pendingOutput;
      this.inputBytes += client.pendingInput;
    }
    const { outputTotal, inputTotal } = this.#limits;
    const output = closeLargest(all, 'pendingOutput', this.outputBytes - outputTotal);
    const input = closeLargest(all, 'pendingInput', this.inputBytes - inputTotal);
    this.closed.output += output.count;
    this.closed.input += input.count;
    this.outputBytes -= output.bytes;
    this.inputBytes -= input.bytes;
  }
}

/** Closes those that hold most until the excess is gone. */
function closeLargest(
  clients: readonly GuardedClient[],
  what: 'pendingOutput' | 'pendingInput',
  excess: number,
): { count: number; bytes: number } {
  const closed = { count: 0, bytes: 0 };
  if (excess <= 0) return closed;
  const held = clients
    .map((client) => ({ client, bytes: client[what] }))
    .sort((a, b) => b.bytes - a.bytes);
  for (const { client, bytes } of held) {
    if (closed.bytes >= excess) break;
    closed.count++;
    closed.bytes += bytes;
    client.destroy();
  }
  return closed;
}
