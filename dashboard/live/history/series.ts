import { type DirtyPart, Ring } from './ring.js';

/** An hour at 2 s, a day at 30 s. */
export const RANGES = {
  hour: { stepMs: 2_000, length: 1_800 },
  day: { stepMs: 30_000, length: 2_880 },
} as const;
export type Range = keyof typeof RANGES;

/** Nobody looks: points come every 5 s. They stand for the time since the last one. */
const MAX_FILLED_MS = 12_000;

/** Their worst is of interest, not their mean. */
const PEAKS = new Set(['p99', 'p999', 'lag_bytes']);

type Values = readonly (number | null)[];

/** The history of one thing: some values, each of them in every range. */
export class Series {
  readonly columns: readonly string[];
  readonly rings: Readonly<Record<Range, Ring>>;
  readonly #points: Readonly<Record<Range, Point>>;
  #lastAt = 0;

  constructor(columns: readonly string[]) {
    this.columns = columns;
    const ring = ({ stepMs, length }: { stepMs: number; length: number }) =>
      new Ring(stepMs, length, columns.length);
    this.rings = { hour: ring(RANGES.hour), day: ring(RANGES.day) };
    this.#points = { hour: new Point(columns), day: new Point(columns) };
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  add(at: number, values: Values): void {
    for (const range of ['hour', 'day'] as const) {
      const ring = this.rings[range];
      const tick = ring.tickOf(at);
      if (at - this.#lastAt <= MAX_FILLED_MS) {
        for (let gap = ring.tickOf(this.#lastAt) + 1; gap < tick; gap++) ring.put(gap, values);
      }
      ring.put(tick, this.#points[range].add(tick, values));
    }
    this.#lastAt = at;
  }

  /** The points up to now; `from` is the time of the first. */
  read(range: Range, now: number): { from: number; values: (number | null)[][] } {
    const ring = this.rings[range];
    const last = ring.tickOf(now);
    const first = last - ring.length + 1;
    return { from: first * ring.stepMs, values: ring.read(first, last) };
  }

  /** The bytes of a file of it: one ring after the other. */
  takeDirty(): DirtyPart[] {
    return [
      ...this.rings.hour.takeDirty(),
      ...this.rings.day
        .takeDirty()
        .map(({ offset, bytes }) => ({ offset: offset + this.rings.hour.bytes.length, bytes })),
    ];
  }

  get byteLength(): number {
    return this.rings.hour.bytes.length + this.rings.day.bytes.length;
  }

  restore(bytes: Buffer): void {
    bytes.copy(this.rings.hour.bytes, 0, 0);
    bytes.copy(this.rings.day.bytes, 0, this.rings.hour.bytes.length);
  }
}

/** What a step's point is made of, so far. */
class Point {
  readonly #columns: readonly string[];
  #tick = -1;
  #sums: number[] = [];
  #counts: number[] = [];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  /** @returns the point of this step with these values in it */
  add(tick: number, values: Values): Values {
    if (tick !== this.#tick) {
      this.#tick = tick;
      this.#sums = this.#columns.map(() => 0);
      this.#counts = this.#columns.map(() => 0);
    }
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const isPeak = PEAKS.has(this.#columns[index]!);
      this.#sums[index] = isPeak ? Math.max(this.#sums[index]!, value) : this.#sums[index]! + value;
      this.#counts[index] = isPeak ? 1 : this.#counts[index]! + 1;
    }
    return this.#sums.map((sum, index) => {
      const count = this.#counts[index]!;
      return count === 0 ? null : sum / count;
    });
  }
}
