import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../base/errors.js';
import type { Logger } from '../../../base/log.js';
import type { LiveState } from '../../api/live-contract.js';
import { HISTORY_COLUMNS, type HistoryReply } from '../../api/web-contract.js';
import { RANGES, type Range, Series } from './series.js';

const FLUSH_MS = 10_000;
/** Of what is gone, the history is kept so long. */
const KEEP_GONE_MS = 24 * 3600 * 1000;
/** 170 KB each, in memory and on disk: far beyond 64 groups of three and 32 proxies. */
const MAX_SERIES = 1_000;
const SUFFIX = '.history';
/** Fills a block of the file, so that the records behind it are not moved by what it says. */
const HEADER_BYTES = 512;

type Kind = keyof typeof HISTORY_COLUMNS;

/**
 * The last hour and the last day of what the live state has: in memory, and in a folder with a file
 * of fixed size for each proxy, server, and all together. Files are written in place, some bytes
 * every ten seconds: a dashboard that is killed loses no more than that. Several dashboards may
 * share the folder: they write the same.
 */
export class History {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #series = new Map<string, Series>();
  readonly #headersWritten = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #trouble = '';

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Reads what an earlier dashboard has left. Never throws: history is not worth a start. */
  async open(now: number): Promise<void> {
    await this.#tolerate(async () => {
      await mkdir(this.#folder, { recursive: true });
      for (const name of await readdir(this.#folder)) {
        if (name.endsWith(SUFFIX)) await this.#load(name, now);
      }
    });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.flush();
  }

  add({ at, totals, proxies, servers }: LiveState): void {
    this.#point('total', 'total', at, totals);
    for (const proxy of Object.values(proxies)) this.#point('proxy', proxy.id, at, proxy);
    for (const server of Object.values(servers)) this.#point('server', server.addr, at, server);
  }

  /** @param of as in the contract. @returns null if there is no such history */
  read(of: string, range: Range, now: number): HistoryReply | null {
    const series = this.#series.get(of);
    if (!series) return null;
    const { from, values } = series.read(range, now);
    const { stepMs } = RANGES[range];
    return { of, range, step_ms: stepMs, from, columns: [...series.columns], values };
  }

  /** Writes what is new. Never throws. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() =>
      this.#tolerate(async () => {
        const now = Date.now();
        for (const [of, series] of this.#series) {
          if (now - series.lastAt > KEEP_GONE_MS) await this.#drop(of);
          else await this.#save(of, series);
        }
      }),
    );
    return this.#flushing;
  }

  #point(kind: Kind, id: string, at: number, figures: object): void {
    const of = kind === 'total' ? 'total' : `${kind}:${id}`;
    let series = this.#series.get(of);
    if (!series) {
      if (this.#series.size >= MAX_SERIES) return;
      series = new Series(HISTORY_COLUMNS[kind]);
      this.#series.set(of, series);
    }
    const values = series.columns.map((column) => {
      const value: unknown = Reflect.get(figures, column);
      return typeof value === 'number' ? value : null;
    });
    series.add(at, values);
  }

  async #load(name: string, now: number): Promise<void> {
    const of = decodeURIComponent(name.slice(0, -SUFFIX.length));
    const kind = (of.split(':')[0] ?? '') as Kind;
    const columns = Object.hasOwn(HISTORY_COLUMNS, kind) ? HISTORY_COLUMNS[kind] : null;
    const path = join(this.#folder, name);
    const bytes = await readFile(path);
    const series = columns ? new Series(columns) : null;
    const isOurs =
      series !== null &&
      bytes.length === HEADER_BYTES + series.byteLength &&
      bytes.subarray(0, HEADER_BYTES).equals(header(series));
    if (isOurs && this.#series.size < MAX_SERIES) {
      series.restore(bytes.subarray(HEADER_BYTES));
      if (series.rings.day.hasSince(series.rings.day.tickOf(now - KEEP_GONE_MS))) {
        this.#series.set(of, series);
        this.#headersWritten.add(of);
        return;
      }
    }
    // Of another version, cut short, or too old to be of use.
    await rm(path, { force: true });
  }

  async #save(of: string, series: Series): Promise<void> {
    const parts = series.takeDirty();
    if (parts.length === 0) return;
    const isNew = !this.#headersWritten.has(of);
    const file = await open(this.#path(of), isNew ? 'w' : 'r+').catch((error: unknown) => {
      // Somebody has removed it: it is made anew the next time.
      this.#headersWritten.delete(of);
      throw error;
    });
    try {
      if (isNew) {
        await file.write(header(series), 0, HEADER_BYTES, 0);
        await file.truncate(HEADER_BYTES + series.byteLength);
        await file.write(series.rings.hour.bytes, 0, undefined, HEADER_BYTES);
        await file.write(
          series.rings.day.bytes,
          ...([0, undefined, HEADER_BYTES + series.rings.hour.bytes.length] as const),
        );
        this.#headersWritten.add(of);
        return;
      }
      for (const { offset, bytes } of parts) {
        await file.write(bytes, 0, bytes.length, HEADER_BYTES + offset);
      }
    } finally {
      await file.close();
    }
  }

  async #drop(of: string): Promise<void> {
    // What was only loaded has no point of this life: its age is that of its bytes.
    const series = this.#series.get(of)!;
    const { day } = series.rings;
    if (day.hasSince(day.tickOf(Date.now() - KEEP_GONE_MS))) return;
    this.#series.delete(of);
    this.#headersWritten.delete(of);
    await rm(this.#path(of), { force: true });
  }

  #path(of: string): string {
    return join(this.#folder, `${encodeURIComponent(of)}${SUFFIX}`);
  }

  /** A folder that cannot be written costs the history its next life, and nothing else. */
  async #tolerate(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#trouble = '';
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.#trouble) {
        this.#log.warn({ reason: trouble }, 'history is kept in memory only');
      }
      this.#trouble = trouble;
    }
  }
}

/** Says what is behind it: another version's file is not read. */
function header(series: Series): Buffer {
  const text = JSON.stringify({ codis: 'history', version: 1, ranges: RANGES, of: series.columns });
  return Buffer.from(text.padEnd(HEADER_BYTES));
}
