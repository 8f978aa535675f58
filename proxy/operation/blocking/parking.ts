/** A wait in which nothing is outstanding: it ends early when there is no reason to go on. */
export class Parking {
  readonly #deadline: number;
  #wake: (() => void) | null = null;

  /** @param deadline by performance.now() */
  constructor(deadline: number) {
    this.#deadline = deadline;
  }

  /** Ends the present wait. */
  wake(): void {
    this.#wake?.();
  }

  /** The promise's value; null if the wait was ended before it came. */
  wait<T>(promise: Promise<T>): Promise<T | null> {
    return this.#park((resolve, reject) => {
      promise.then(resolve, reject);
    }, Number.POSITIVE_INFINITY);
  }

  async sleep(ms: number): Promise<void> {
    await this.#park(() => {}, ms);
  }

  #park<T>(
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
    ms: number,
  ): Promise<T | null> {
    const leftMs = Math.min(ms, Math.max(0, this.#deadline - performance.now()));
    return new Promise<T | null>((resolve, reject) => {
      this.#wake = () => resolve(null);
      const timer = leftMs < Number.POSITIVE_INFINITY ? setTimeout(this.#wake, leftMs) : undefined;
      const end = (): void => clearTimeout(timer);
      begin(
        (value) => {
          end();
          resolve(value);
        },
        (error) => {
          end();
          reject(error);
        },
      );
    }).finally(() => {
      this.#wake = null;
    });
  }
}
