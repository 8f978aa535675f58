import { effect, signal } from '@preact/signals';
import type { HistoryReply } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { connection } from '../live/connection.js';
import { live } from '../live/state.js';

/** Past this the live points of an hour are as many as a chart has pixels to show. */
const HOUR_MS = 3_600_000;
/** The day's points are means of so long; the newest one is asked for again. */
const DAY_REFRESH_MS = 30_000;

/** Columns of equal length: when, in seconds, and by `<of> <column>` what. */
export interface HistoryTable {
  readonly times: readonly number[];
  readonly columns: ReadonlyMap<string, readonly (number | null)[]>;
}

export const NO_HISTORY: HistoryTable = { times: [], columns: new Map() };

/** The history of some series, kept up to date until it is closed. */
export class HistoryFeed {
  readonly table = signal<HistoryTable>(NO_HISTORY);
  readonly error = signal<unknown>(null);
  readonly #of: readonly string[];
  readonly #range: HistoryReply['range'];
  readonly #stop: (() => void)[] = [];
  #isClosed = false;

  /** @param of as the route takes it: `total`, `proxy:<id>` … */
  constructor(of: readonly string[], range: HistoryReply['range']) {
    this.#of = of;
    this.#range = range;
    // Also after each gap: the dashboard knows what was missed meanwhile.
    this.#stop.push(
      effect(() => {
        if (connection.value.name === 'open') void this.#load();
      }),
    );
    if (range === 'hour') {
      this.#stop.push(effect(() => this.#append(live.value)));
    } else {
      const timer = setInterval(() => void this.#load(), DAY_REFRESH_MS);
      this.#stop.push(() => clearInterval(timer));
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stop) stop();
  }

  async #load(): Promise<void> {
    try {
      const replies = await Promise.all(this.#of.map((of) => calls.history(of, this.#range)));
      if (this.#isClosed) return;
      this.table.value = withoutEmptyEnd(joined(replies));
      this.error.value = null;
    } catch (error) {
      if (!this.#isClosed) this.error.value = error;
    }
  }

  #append(state: typeof live.value): void {
    const { times, columns } = this.table.peek();
    const last = times.at(-1);
    if (state === null || last === undefined || state.at / 1000 <= last) return;
    const first = times.findIndex((time) => time >= (state.at - HOUR_MS) / 1000);
    const next = new Map<string, readonly (number | null)[]>();
    for (const [key, values] of columns) {
      const [of, column] = splitKey(key);
      const source = of === 'total' ? state.totals : state.proxies[of.slice('proxy:'.length)];
      const value = source ? (source as unknown as Record<string, unknown>)[column] : null;
      next.set(key, [...values.slice(first), typeof value === 'number' ? value : null]);
    }
    this.table.value = { times: [...times.slice(first), state.at / 1000], columns: next };
  }
}

/** How the column of a series is called in a table. */
export function keyOf(of: string, column: string): string {
  return `${of} ${column}`;
}

function splitKey(key: string): [string, string] {
  const gap = key.lastIndexOf(' ');
  return [key.slice(0, gap), key.slice(gap + 1)];
}

/** The newest points may not be there yet; the live ones follow without a gap. */
function withoutEmptyEnd({ times, columns }: HistoryTable): HistoryTable {
  const all = [...columns.values()];
  let length = times.length;
  while (length > 0 && all.every((values) => values[length - 1] === null)) length--;
  const cut = new Map([...columns].map(([key, values]) => [key, values.slice(0, length)]));
  return { times: times.slice(0, length), columns: cut };
}

/** Series that begin at different times, over the times of all. */
function joined(replies: readonly HistoryReply[]): HistoryTable {
  const filled = replies.filter(({ values }) => (values[0]?.length ?? 0) > 0);
  if (filled.length === 0) return NO_HISTORY;
  const step = filled[0]!.step_ms;
  const start = Math.min(...filled.map(({ from }) => from));
  const end = Math.max(...filled.map(({ from, values }) => from + values[0]!.length * step));
  const length = Math.round((end - start) / step);
  const times = Array.from({ length }, (_, index) => (start + index * step) / 1000);
  const columns = new Map<string, (number | null)[]>();
  for (const { of, from, columns: names, values } of filled) {
    const offset = Math.round((from - start) / step);
    for (const [index, name] of names.entries()) {
      const column: (number | null)[] = new Array(length).fill(null);
      for (const [row, value] of values[index]!.entries()) column[offset + row] = value;
      columns.set(keyOf(of, name), column);
    }
  }
  return { times, columns };
}
