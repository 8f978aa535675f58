/**
 * Counters that only grow, as seen at two moments: what came in between, a second. A counter that
 * has become less was started again: nothing is known of it until the next look.
 */
export class Rates<Name extends string> {
  #last: { at: number; counters: Readonly<Record<Name, number>> } | null = null;

  /** @param at milliseconds. @returns a second, by name; null at the first look, or after a restart. */
  since(
    at: number,
    counters: Readonly<Record<Name, number>>,
  ): Readonly<Record<Name, number>> | null {
    const last = this.#last;
    this.#last = { at, counters };
    const names = Object.keys(counters) as Name[];
    if (!last || at <= last.at) return null;
    if (names.some((name) => !(counters[name] >= last.counters[name]))) return null;
    const seconds = (at - last.at) / 1000;
    return Object.fromEntries(
      names.map((name) => [name, (counters[name] - last.counters[name]) / seconds]),
    ) as Record<Name, number>;
  }

  /** The next look is the first again. */
  forget(): void {
    this.#last = null;
  }
}
