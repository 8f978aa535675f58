import type { Backend } from '../backend/backend.js';
import { elapsedUs, turn } from '../io/turn.js';
import type { Request } from '../request.js';

/** A parked command waits no longer than this for its slot to change hands. */
export const PARKED_TIMEOUT_MS = 10_000;
/** Commands parked in the whole process; more are turned away with TRYAGAIN. */
export const MAX_PARKED = 100_000;
export const MAX_PARKED_BYTES = 256 * 1024 * 1024;

interface ParkedCommand {
  readonly request: Request;
  readonly bytes: Buffer;
}

/**
 * Where commands for slots that are about to change hands wait, in the order they came, so that
 * none reaches the old owner after its proxy has said that none will (I2 of the hand-off).
 */
export class SlotGate {
  readonly #parked = new Map<number, ParkedCommand[]>();
  #count = 0;
  #bytes = 0;

  get parkedCount(): number {
    return this.#count;
  }

  /** Keeps a copy of the command until `open`, `refuse` or its deadline. */
  park(request: Request, bytes: Buffer, start: number, end: number): void {
    if (this.#count >= MAX_PARKED || this.#bytes + (end - start) > MAX_PARKED_BYTES) {
      request.fail(`TRYAGAIN slot ${request.slotId} is being moved and too many commands wait`);
      return;
    }
    let queue = this.#parked.get(request.slotId);
    if (queue === undefined) {
      queue = [];
      this.#parked.set(request.slotId, queue);
    }
    queue.push({ request, bytes: Buffer.from(bytes.subarray(start, end)) });
    this.#count++;
    this.#bytes += end - start;
  }

  /** Sends what waits for the slot to its owner. */
  open(slotId: number, backend: Backend): void {
    for (const { request, bytes } of this.#take(slotId)) {
      backend.send(request, bytes, 0, bytes.length, true);
    }
  }

  /** Answers what waits for the slot with an error. */
  refuse(slotId: number, error: string): void {
    for (const { request } of this.#take(slotId)) request.fail(error);
  }

  /** To be called some times a second: deadlines. */
  tick(): void {
    const now = turn.nowUs();
    for (const [slotId, queue] of this.#parked) {
      const isLate = (parked: ParkedCommand) =>
        elapsedUs(parked.request.startedUs, now) > PARKED_TIMEOUT_MS * 1000;
      if (!queue.some(isLate)) continue;
      // All of the slot's: one that was let through later would overtake those that were not.
      this.refuse(slotId, `TRYAGAIN slot ${slotId} is being moved`);
    }
  }

  #take(slotId: number): ParkedCommand[] {
    const queue = this.#parked.get(slotId);
    if (queue === undefined) return [];
    this.#parked.delete(slotId);
    for (const { bytes } of queue) {
      this.#count--;
      this.#bytes -= bytes.length;
    }
    return queue;
  }
}
