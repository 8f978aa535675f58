/** Bytes of a record's time. */
const TICK_BYTES = 4;
const VALUE_BYTES = 4;

/** Records that have changed, as a part of the ring's bytes. */
export interface DirtyPart {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * The last so many points of some values at a fixed step. A record's place follows from its time,
 * which it has with it: so nothing needs to be known but the bytes, and whoever writes a part of
 * them to a file may be killed at any moment.
 *
 * A record: the number of steps since 1970 (uint32), then the values (float32, NaN: not known).
 */
export class Ring {
  readonly stepMs: number;
  readonly length: number;
  readonly bytes: Buffer;
  readonly #columns: number;
  readonly #recordBytes: number;
  readonly #dirty = new Set<number>();

  constructor(stepMs: number, length: number, columns: number) {
    this.stepMs = stepMs;
    this.length = length;
    this.#columns = columns;
    this.#recordBytes = TICK_BYTES + columns * VALUE_BYTES;
    this.bytes = Buffer.alloc(length * this.#recordBytes);
  }

  static bytesFor(length: number, columns: number): number {
    return length * (TICK_BYTES + columns * VALUE_BYTES);
  }

  tickOf(at: number): number {
    return Math.floor(at / this.stepMs);
  }

  put(tick: number, values: readonly (number | null)[]): void {
    const place = tick % this.length;
    let offset = place * this.#recordBytes;
    this.bytes.writeUInt32LE(tick, offset);
    for (let column = 0; column < this.#columns; column++) {
      offset += VALUE_BYTES;
      this.bytes.writeFloatLE(values[column] ?? Number.NaN, offset);
    }
    this.#dirty.add(place);
  }

  /** The points from `firstTick` to `lastTick`, both included: an array for each column. */
  read(firstTick: number, lastTick: number): (number | null)[][] {
    const columns: (number | null)[][] = Array.from({ length: this.#columns }, () => []);
    for (let tick = firstTick; tick <= lastTick; tick++) {
      const offset = (tick % this.length) * this.#recordBytes;
      const isThere = this.bytes.readUInt32LE(offset) === tick;
      for (const [column, values] of columns.entries()) {
        const value = isThere
          ? this.bytes.readFloatLE(offset + TICK_BYTES + column * VALUE_BYTES)
          : Number.NaN;
        // Six digits are what a float32 has.
        values.push(Number.isNaN(value) ? null : Number(value.toPrecision(6)));
      }
    }
    return columns;
  }

  /** True if there is a point that is not older than `tick`. */
  hasSince(tick: number): boolean {
    for (let offset = 0; offset < this.bytes.length; offset += this.#recordBytes) {
      if (this.bytes.readUInt32LE(offset) >= tick) return true;
    }
    return false;
  }

  /** What has changed since the last call; neighbours together. */
  takeDirty(): DirtyPart[] {
    const places = [...this.#dirty].sort((one, other) => one - other);
    this.#dirty.clear();
    const runs: { first: number; last: number }[] = [];
    for (const place of places) {
      const run = runs.at(-1);
      if (run && run.last === place - 1) run.last = place;
      else runs.push({ first: place, last: place });
    }
    return runs.map(({ first, last }) => ({
      offset: first * this.#recordBytes,
      bytes: this.bytes.subarray(first * this.#recordBytes, (last + 1) * this.#recordBytes),
    }));
  }
}
