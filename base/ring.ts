/**
 * A FIFO queue over an array whose size is a power of two: no allocation a push, unlike a linked
 * list, and no moving of elements, unlike `Array.shift`.
 */
export class Ring<T> {
  #slots: (T | undefined)[] = new Array(16).fill(undefined);
  #mask = 15;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#slots[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
  }

  /** The oldest item, or undefined if there is none. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** The items, the oldest first. */
  *items(): Generator<T> {
    for (let index = 0; index < this.#length; index++) {
      yield this.#slots[(this.#head + index) & this.#mask]!;
    }
  }

  /** Takes the oldest item away; undefined if there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    return item;
  }

  #grow(): void {
    const size = this.#slots.length;
    const larger: (T | undefined)[] = new Array(size * 2).fill(undefined);
    for (let index = 0; index < size; index++) {
      larger[index] = this.#slots[(this.#head + index) & this.#mask];
    }
    this.#slots = larger;
    this.#head = 0;
    this.#mask = size * 2 - 1;
  }
}
