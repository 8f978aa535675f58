import { SLOT_COUNT, slotOfKey } from '../../cluster/slot-hash.js';
import type { Server } from '../backend/server.js';
import type { Router } from '../router/router.js';

/** The keys of a split command that go to one place together. */
export interface Part {
  /** Null: to this slot alone, by way of its gate. */
  readonly server: Server | null;
  readonly slotId: number;
  keyCount: number;
  /** Of the keys (and values) with the lines in front of them. */
  bytes: number;
}

/** A framed command with its arguments' places; see RequestFramer. */
export interface FramedCommand {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isOwned: boolean;
  readonly argStarts: Int32Array;
  readonly argEnds: Int32Array;
  readonly argCount: number;
}

/**
 * Which of a command's keys go where. Keys next to each other that go to the same place are a run:
 * they are copied at once, as are their replies.
 */
export class SplitPlan {
  parts: Part[] = [];
  runCount = 0;
  /** For each run: its part's place in `parts`, and how many keys it has. What follows is old. */
  readonly runs: number[] = [];
  /** For each run: where its bytes end. The first begins at `keysStart`, others where one ends. */
  readonly runEnds: number[] = [];
  keysStart = 0;
  /** By slot on the move: its part, if its stamp is that of the present command. */
  readonly #partOfSlot = new Int16Array(SLOT_COUNT);
  readonly #stampOfSlot = new Int32Array(SLOT_COUNT);
  #stamp = 0;

  /** Makes the plan anew. @param stride arguments a key: 1, or 2 for key and value */
  make(command: FramedCommand, stride: number, router: Router): void {
    const { bytes, argStarts, argEnds, argCount } = command;
    this.parts = [];
    const { parts, runs, runEnds } = this;
    this.#stamp = (this.#stamp + 1) | 0;
    // From behind the argument before it: its `$n` line comes along.
    let from = argEnds[0]! + 2;
    this.keysStart = from;
    let last = -1;
    let lastServer: Server | null = null;
    let run = -1;
    for (let arg = 1; arg < argCount; arg += stride) {
      const slotId = slotOfKey(bytes, argStarts[arg]!, argEnds[arg]!);
      const server = router.serverOf(slotId);
      const isSame = server !== null && server === lastServer;
      const index = isSame ? last : this.#placeOf(slotId, server);
      lastServer = server;
      const to = argEnds[arg + stride - 1]! + 2;
      const part = parts[index]!;
      part.keyCount++;
      part.bytes += to - from;
      from = to;
      if (index !== last) {
        run++;
        last = index;
        runs[run * 2] = index;
        runs[run * 2 + 1] = 0;
      }
      runs[run * 2 + 1]!++;
      runEnds[run] = to;
    }
    this.runCount = run + 1;
  }

  /** The part that the slot's keys belong to. */
  #placeOf(slotId: number, server: Server | null): number {
    const { parts } = this;
    if (server !== null) {
      for (let index = 0; index < parts.length; index++) {
        if (parts[index]!.server === server) return index;
      }
    } else if (this.#stampOfSlot[slotId] === this.#stamp) {
      return this.#partOfSlot[slotId]!;
    }
    const index = parts.push({ server, slotId, keyCount: 0, bytes: 0 }) - 1;
    this.#partOfSlot[slotId] = index;
    this.#stampOfSlot[slotId] = this.#stamp;
    return index;
  }
}
