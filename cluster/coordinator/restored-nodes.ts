import type { Operation } from './coordinator.js';

/** The nodes made with `ephemeral: 'restored'` and the data last written to each through us. */
export class RestoredNodes {
  readonly #dataOf = new Map<string, string>();

  get entries(): readonly [path: string, data: string][] {
    return [...this.#dataOf];
  }

  add(path: string, data: string): void {
    this.#dataOf.set(path, data);
  }

  forget(path: string): void {
    this.#dataOf.delete(path);
  }

  /** To be called with every operation that was done. */
  note(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (!this.#dataOf.has(operation.path)) continue;
      if (operation.type === 'set') this.#dataOf.set(operation.path, operation.data);
      if (operation.type === 'delete') this.#dataOf.delete(operation.path);
    }
  }
}
