/** Unsent bytes beyond which sessions that send here are paused. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Whether a server has been given more than it takes, or answers. */
export class Congestion {
  isOn = false;
  readonly #maxInFlight: number;
  readonly #listeners = new Set<() => void>();

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  /** Calls the listener once, when it has ended. */
  onEnd(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** To be called with each command. @param inFlight unanswered ones */
  count(inFlight: number): void {
    if (inFlight >= this.#maxInFlight) this.isOn = true;
  }

  /** @param pending unsent bytes. @param inFlight unanswered commands */
  check(pending: number, inFlight: number): void {
    if (pending > HIGH_WATER_BYTES || inFlight >= this.#maxInFlight) {
      this.isOn = true;
    } else if (this.isOn && pending < HIGH_WATER_BYTES / 2 && inFlight <= this.#maxInFlight / 2) {
      this.isOn = false;
      const listeners = [...this.#listeners];
      this.#listeners.clear();
      for (const listener of listeners) listener();
    }
  }
}
