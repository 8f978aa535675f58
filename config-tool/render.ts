import Table from 'cli-table3';
import colors from 'picocolors';
import { OK } from '../dashboard/api/contract.js';

/** Where the result of a verb goes: for people on a terminal, else the JSON that Codis printed. */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #isForPeople: boolean;

  constructor(stream: NodeJS.WritableStream, isForPeople: boolean) {
    this.#stream = stream;
    this.#isForPeople = isForPeople;
  }

  /** False: the work of making it readable can be left out. */
  get isForPeople(): boolean {
    return this.#isForPeople;
  }

  /** @param readable for people. */
  show(value: unknown, readable: () => string): void {
    this.#write(this.#isForPeople ? readable() : toJson(value));
  }

  /** A change was made. */
  done(sentence: string): void {
    this.show(OK, () => `${colors.green('✓')} ${sentence}`);
  }

  /** The text itself, for whomever. */
  text(text: string): void {
    this.#write(text);
  }

  #write(text: string): void {
    this.#stream.write(`${text.trimEnd()}\n`);
  }
}

/** Two spaces, sorted keys: byte for byte what Codis's `codis-config` prints for the same value. */
export function toJson(value: unknown): string {
  return JSON.stringify(sortKeys(value), null, 2);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A table without lines: columns under dim titles, as in `ps` and `kubectl`. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const none = Object.fromEntries(
    [
      ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
      ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
    ].map((part) => [part, '']),
  );
  const made = new Table({
    head: columns.map(({ title }) => colors.dim(title.toUpperCase())),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: { ...none, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Roles and states in the colour that says how well things are. */
export function colored(word: string): string {
  switch (word) {
    case 'master':
    case 'online':
      return colors.green(word);
    case 'offline':
    case 'unreachable':
      return colors.red(word);
    case 'pre_migrate':
    case 'migrate':
    case 'mark_offline':
      return colors.yellow(word);
    default:
      return word;
  }
}

export const NOTHING = colors.dim('-');
