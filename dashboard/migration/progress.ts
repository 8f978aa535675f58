/** The time over which the speed is told. */
const SPEED_WINDOW_MS = 5_000;

/** How far a job has come, as this dashboard has seen it; nothing of it is needed to go on. */
export class Progress {
  /** Keys that its slots had when we last counted; 0 before. */
  #keysFound = 0;
  #keysMoved = 0;
  #currentSlot: number | null = null;
  #samples: { at: number; moved: number }[] = [];

  get keysMoved(): number {
    return this.#keysMoved;
  }

  /** Moved and still to be moved. */
  get keysTotal(): number {
    return this.#keysMoved + Math.max(0, this.#keysFound);
  }

  get currentSlot(): number | null {
    return this.#currentSlot;
  }

  /** So many keys have been counted that are still to be moved. */
  found(keys: number): void {
    this.#keysFound += keys;
  }

  /** Counted keys that are not moved after all, or will be counted again. */
  forget(keys: number): void {
    this.#keysFound = Math.max(0, this.#keysFound - keys);
  }

  moved(keys: number, slotId: number): void {
    const now = performance.now();
    this.#keysMoved += keys;
    this.#keysFound = Math.max(0, this.#keysFound - keys);
    this.#currentSlot = slotId;
    const last = this.#samples.at(-1);
    // One sample in a hundred milliseconds is enough.
    if (last && now - last.at < 100) last.moved += keys;
    else this.#samples.push({ at: now, moved: keys });
    this.#dropOld(now);
  }

  /** Over the last seconds. */
  get keysPerSecond(): number {
    const now = performance.now();
    this.#dropOld(now);
    const first = this.#samples[0];
    if (!first) return 0;
    const moved = this.#samples.reduce((sum, sample) => sum + sample.moved, 0);
    return Math.round((moved * 1000) / Math.max(100, now - first.at));
  }

  /** Null if it cannot be told. */
  get secondsLeft(): number | null {
    const left = this.keysTotal - this.#keysMoved;
    if (left === 0) return 0;
    const speed = this.keysPerSecond;
    return speed > 0 ? Math.ceil(left / speed) : null;
  }

  #dropOld(now: number): void {
    while (this.#samples.length > 0 && now - this.#samples[0]!.at > SPEED_WINDOW_MS) {
      this.#samples.shift();
    }
  }
}
