import { SLOT_COUNT } from '../../../cluster/slot-hash.js';

/** Of which slots a client has read, and where they were. */
export class SlotHomes {
  readonly #homeOf: (slotId: number) => string | null;
  readonly #homes: (string | null)[];
  readonly #isRead = new Uint8Array(SLOT_COUNT);

  /** @param homeOf the address of a slot's server; null: it has none for now */
  constructor(homeOf: (slotId: number) => string | null) {
    this.#homeOf = homeOf;
    this.#homes = Array.from({ length: SLOT_COUNT }, (_, slotId) => homeOf(slotId));
  }

  /** It reads of the slot. @param slotId negative: of none */
  note(slotId: number): void {
    if (slotId >= 0) this.#isRead[slotId] = 1;
  }

  /** It reads of slots that are not named. */
  noteAll(): void {
    this.#isRead.fill(1);
  }

  /** What it has read it knows no more. */
  forget(): void {
    this.#isRead.fill(0);
  }

  /** To be called when the table has changed. @returns true if a slot has gone that it has read of */
  follow(): boolean {
    let hasGone = false;
    for (let slotId = 0; slotId < SLOT_COUNT; slotId++) {
      const home = this.#homeOf(slotId);
      const before = this.#homes[slotId]!;
      // Held, or without a master: where it will be is to be seen.
      if (home === null || home === before) continue;
      this.#homes[slotId] = home;
      if (before !== null && this.#isRead[slotId] === 1) hasGone = true;
    }
    return hasGone;
  }
}
