import { SLOT_COUNT } from '../../../cluster/slot-hash.js';
import type { Server } from '../../backend/server.js';

/** Beyond, order gives way to memory. */
const MAX_HELD = 10_000;
/** A slot that has no owner for so long is not between two. */
const MAX_FENCED_MS = 20_000;

interface Fence {
  readonly deliver: (() => void)[];
  readonly timer: NodeJS.Timeout;
}

/**
 * Keeps the order of a channel's messages while its slot changes hands. PUBLISH is sent to the
 * owner of the slot, and goes through its gate: the first message to the new owner is published
 * when the last one to the former owner has been answered. They come to us by two connections,
 * though, so those of another server than the former owner wait until the former owner's have all
 * been heard.
 */
export class SlotFences {
  /** Whose messages are passed on at once. */
  readonly #homes: (string | null)[] = new Array(SLOT_COUNT).fill(null);
  readonly #fences = new Map<number, Fence>();

  /**
   * The table has changed.
   *
   * @param ownerOf the slot's owner, or the one it moves to; null while its commands are held
   * @param flushed resolves when all has been heard that the server has published until now
   */
  async follow(
    ownerOf: (slotId: number) => Server | null,
    flushed: (addr: string) => Promise<void>,
  ): Promise<void> {
    const left = new Map<string, number[]>();
    for (let slotId = 0; slotId < SLOT_COUNT; slotId++) {
      const home = this.#homes[slotId]!;
      const owner = ownerOf(slotId)?.addr ?? null;
      if (owner === home) this.#open(slotId);
      else if (home === null) this.#homes[slotId] = owner;
      else {
        this.#close(slotId);
        if (owner === null) continue;
        const slotIds = left.get(home) ?? [];
        slotIds.push(slotId);
        left.set(home, slotIds);
      }
    }
    await Promise.all(
      [...left].map(async ([home, slotIds]) => {
        await flushed(home);
        for (const slotId of slotIds) {
          const owner = ownerOf(slotId)?.addr ?? null;
          // Another change may have come meanwhile; it has seen to the slot.
          if (this.#homes[slotId] !== home || owner === null) continue;
          this.#homes[slotId] = owner;
          this.#open(slotId);
        }
      }),
    );
  }

  /** Delivers a message that the server has sent, now or in its turn. */
  pass(slotId: number, addr: string, deliver: () => void): void {
    const fence = this.#fences.get(slotId);
    if (fence === undefined || this.#homes[slotId] === addr) {
      deliver();
      return;
    }
    fence.deliver.push(deliver);
    if (fence.deliver.length > MAX_HELD) this.#open(slotId);
  }

  /** False: every message may be delivered at once. */
  get isAnyClosed(): boolean {
    return this.#fences.size > 0;
  }

  clear(): void {
    for (const slotId of [...this.#fences.keys()]) this.#open(slotId);
  }

  #close(slotId: number): void {
    if (this.#fences.has(slotId)) return;
    const timer = setTimeout(() => this.#open(slotId), MAX_FENCED_MS);
    this.#fences.set(slotId, { deliver: [], timer });
  }

  #open(slotId: number): void {
    const fence = this.#fences.get(slotId);
    if (fence === undefined) return;
    this.#fences.delete(slotId);
    clearTimeout(fence.timer);
    for (const deliver of fence.deliver) deliver();
  }
}
