/** All lists of a leg together; about three million keys of 40 bytes. */
const MAX_BYTES = 128 * 1024 * 1024;
const FIRST_BYTES = 512;
const HEADER_BYTES = 4;

/** The names of a slot's keys of one database. */
export interface ListedKeys {
  readonly database: number;
  readonly keys: Iterable<Buffer>;
}

/**
 * Which keys slots have, as a pass over a server has found them, so that slots can be moved one
 * after the other without a pass each. What does not fit is forgotten, of the slots that move last
 * first: those are without a list then.
 */
export class KeyLists {
  readonly #maxBytes: number;
  /** Slots that are being listed, the one that moves last at the end. */
  #order: number[] = [];
  #wanted = new Set<number>();
  readonly #kept = new Set<number>();
  readonly #lists = new Map<number, Map<number, NameList>>();
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * A pass begins, which finds all keys of these slots. Nothing is known of them now.
   *
   * @param order in which they will move
   */
  begin(order: readonly number[]): void {
    for (const slotId of order) {
      this.drop(slotId);
      this.#kept.add(slotId);
    }
    this.#order = [...order];
    this.#wanted = new Set(order);
  }

  /** True if keys of the slot are to be noted. */
  wants(slotId: number): boolean {
    return this.#wanted.has(slotId);
  }

  /** True if what was noted of the slot is still known. */
  has(slotId: number): boolean {
    return this.#kept.has(slotId);
  }

  note(slotId: number, database: number, key: Buffer): void {
    if (!this.wants(slotId)) return;
    let lists = this.#lists.get(slotId);
    if (!lists) this.#lists.set(slotId, (lists = new Map()));
    let list = lists.get(database);
    const before = list?.capacity ?? 0;
    if (!list) lists.set(database, (list = new NameList()));
    list.add(key);
    this.#bytes += list.capacity - before;
    // The first one stays, however long its list is: else nothing would ever move.
    while (this.#bytes > this.#maxBytes && this.#order.length > 1) this.drop(this.#order.pop()!);
  }

  /** What the slot has, database by database. */
  of(slotId: number): ListedKeys[] {
    const lists = this.#lists.get(slotId) ?? new Map<number, NameList>();
    return [...lists].map(([database, keys]) => ({ database, keys }));
  }

  /** The slot is done with, or there is no room for it. */
  drop(slotId: number): void {
    this.#kept.delete(slotId);
    this.#wanted.delete(slotId);
    for (const list of this.#lists.get(slotId)?.values() ?? []) this.#bytes -= list.capacity;
    this.#lists.delete(slotId);
  }
}

/** Names one after the other, each behind its length: an object a name would take four times as much. */
class NameList implements Iterable<Buffer> {
  #names: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #end = 0;

  get capacity(): number {
    return this.#names.length;
  }

  add(key: Buffer): void {
    const end = this.#end + HEADER_BYTES + key.length;
    if (end > this.#names.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#names.length * 2));
      this.#names.copy(larger, 0, 0, this.#end);
      this.#names = larger;
    }
    this.#names.writeUInt32LE(key.length, this.#end);
    key.copy(this.#names, this.#end + HEADER_BYTES);
    this.#end = end;
  }

  /** Views of this list's memory. */
  *[Symbol.iterator](): Generator<Buffer> {
    for (let at = 0; at < this.#end; ) {
      const begin = at + HEADER_BYTES;
      at = begin + this.#names.readUInt32LE(at);
      yield this.#names.subarray(begin, at);
    }
  }
}
