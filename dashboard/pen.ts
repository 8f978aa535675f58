/**
 * Who holds the pen may write records: one at a time, in the order asked for. The holder lends it
 * while it only waits for proxies, so that what is urgent need not wait for that.
 */
export class Pen {
  #last: Promise<unknown> = Promise.resolve();
  #release: () => void = () => {};

  /** Runs `work` with the pen. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  /** For the holder alone: runs `work` without the pen, and has it again when that has ended. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#release();
    try {
      return await work();
    } finally {
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    const turn = this.#last;
    let release = (): void => {};
    this.#last = new Promise<void>((resolve) => {
      release = resolve;
    });
    await turn;
    this.#release = release;
  }
}
