interface DrainWaiter {
  /** How many commands must have been answered. */
  readonly target: number;
  readonly resolve: () => void;
}

/** Those who wait until what has been sent so far is answered. */
export class DrainWaiters {
  #waiters: DrainWaiter[] = [];

  get count(): number {
    return this.#waiters.length;
  }

  /** Resolves when `target` commands have been answered, as {@link note} tells. */
  reached(target: number, answered: number): Promise<void> {
    if (answered === target) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ target, resolve });
    });
  }

  note(answered: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.target > answered);
    for (const waiter of waiters) {
      if (waiter.target <= answered) waiter.resolve();
    }
  }
}
