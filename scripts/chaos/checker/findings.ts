/** Differences beyond these are counted and not kept: the first ones tell. */
const MAX_KEPT = 20;

/** What a checked run found: differences are defects; errors are too, unless faults explain them. */
export class Findings {
  /** Replies, values and places of keys that are not what they have to be. */
  readonly differences: string[] = [];
  differenceCount = 0;
  /** How often clients saw each kind of error. */
  readonly errors = new Map<string, number>();
  readonly #onDifference: () => void;

  /** @param onDifference called at every difference */
  constructor(onDifference: () => void = () => {}) {
    this.#onDifference = onDifference;
  }

  difference(text: string): void {
    this.differenceCount++;
    if (this.differences.length < MAX_KEPT) this.differences.push(text);
    this.#onDifference();
  }

  /** An error that a client saw. Numbers in it are left out, so that those of a kind count as one. */
  error(text: string): void {
    const kind = text.replaceAll(/\d+/g, 'N');
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }

  get errorCount(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }
}
