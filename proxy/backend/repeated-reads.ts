import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Request } from '../request.js';
import type { SentCommand } from './sent-commands.js';

/** Where a slot's commands go at once; null: there is something to think about. */
export type AddressOf = (slotId: number) => string | null;

/**
 * How a connection has ended whose reads may be asked again: it was `lost`, or its server has been
 * `replaced`.
 */
export type RepeatableEnd = 'lost' | 'replaced';

/** Their cursors are of use with one server alone: each has the elements in an order of its own. */
export const PAGE_BY_PAGE: ReadonlySet<string> = new Set(['hscan', 'sscan', 'zscan']);

/** Of a whole worker: which reads that a server did not answer are sent once more, and how many were. */
export class RepeatedReads {
  count = 0;
  readonly #addressOf: AddressOf;
  /** Once is enough: a read that ends its server must not end the next one, and the next. */
  readonly #repeated = new WeakSet<Request>();

  constructor(addressOf: AddressOf) {
    this.#addressOf = addressOf;
  }

  /**
   * Chooses those that may be sent once more.
   *
   * @param requests what was not answered, in the order sent
   * @param commands as many of them as are known, from the first one on
   * @returns for each that may: its bytes, which are its own
   */
  choose(
    addr: string,
    end: RepeatableEnd,
    requests: readonly Request[],
    commands: readonly SentCommand[],
  ): ReadonlyMap<Request, Buffer> {
    const chosen: [Request, Buffer][] = [];
    const writers = new Set<object>();
    for (let index = requests.length - 1; index >= 0; index--) {
      const request = requests[index]!;
      const command = commands[index];
      const { origin } = request.owner;
      if (!request.row.isReadOnly) writers.add(origin);
      // A client's read must not find what the same client wrote after it.
      if (command === undefined || writers.has(origin) || this.#repeated.has(request)) continue;
      if (!isRead(request, command) || !this.#isAtHome(request, addr, end)) continue;
      const { bytes, start, end: commandEnd } = command;
      chosen.push([request, Buffer.from(bytes.subarray(start, commandEnd))]);
    }
    return new Map(chosen.reverse());
  }

  note(request: Request): void {
    this.#repeated.add(request);
    this.count++;
  }

  /** In between the slot may have been promised to others, or later commands have gone elsewhere. */
  #isAtHome({ slotId }: Request, addr: string, end: RepeatableEnd): boolean {
    const owner = this.#addressOf(slotId);
    return end === 'replaced' ? owner !== null : owner === addr;
  }
}

/** One command on keys of one slot that only reads; and it is the one that these bytes are. */
function isRead(request: Request, command: SentCommand): boolean {
  const { row, slotId, skippedReplies } = request;
  if (row.index < 0 || slotId < 0 || skippedReplies > 0 || !row.isReadOnly) return false;
  if (row.guard !== 'none' || row.firstKey <= 0 || PAGE_BY_PAGE.has(row.name)) return false;
  const { bytes, argStarts, argEnds } = command;
  const name = bytes.toString('latin1', argStarts[0], argEnds[0]).toLowerCase();
  if (name !== row.name.toLowerCase()) return false;
  const isSplit = row.route === 'split-mget' || row.route === 'split-sum';
  const lastKey = isSplit ? argStarts.length - 1 : row.firstKey;
  for (let arg = row.firstKey; arg <= lastKey; arg++) {
    const [start, end] = [argStarts[arg], argEnds[arg]];
    if (start === undefined || end === undefined) return false;
    if (slotOfKey(bytes, start, end) !== slotId) return false;
  }
  return true;
}
