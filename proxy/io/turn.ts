/** Something with output that waits for the end of the turn. */
export interface Flushable {
  flush(): void;
}

/**
 * One turn of the event loop: all sockets that had something to read have been read, then
 * everything written meanwhile goes out, one write a socket. 50 separate writes of 70 bytes cost
 * 3.3 us each, one write of all of them 0.18 us each.
 */
class Turn {
  #waiting: Flushable[] = [];
  #flushing: Flushable[] = [];
  #isScheduled = false;
  #nowUs = -1;
  readonly #end = (): void => this.#flushAll();

  /** Flushes the item at the end of this turn. An item asks once a turn. */
  flushLater(item: Flushable): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  /**
   * Microseconds of a clock that wraps every 2^30 (18 minutes), read once a turn: exact enough for
   * latencies, and a small integer, so that no request carries a heap number.
   */
  nowUs(): number {
    if (this.#nowUs < 0) {
      this.#nowUs = Math.floor(performance.now() * 1000) & CLOCK_MASK;
      this.#schedule();
    }
    return this.#nowUs;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#end);
  }

  #flushAll(): void {
    this.#isScheduled = false;
    this.#nowUs = -1;
    const items = this.#waiting;
    this.#waiting = this.#flushing;
    this.#flushing = items;
    for (let index = 0; index < items.length; index++) items[index]!.flush();
    items.length = 0;
  }
}

const CLOCK_MASK = 2 ** 30 - 1;

/** The time between two readings of {@link Turn.nowUs}, at most 18 minutes. */
export function elapsedUs(fromUs: number, toUs: number): number {
  return (toUs - fromUs) & CLOCK_MASK;
}

/** A process has one event loop, so one turn. */
export const turn = new Turn();
