import type { Random } from '../../support/random.js';
import type { Findings } from './findings.js';
import type { Operation, Subject } from './operation.js';
import type { Outcome } from './outcome.js';

/** A third of a megabyte: with `max_stall` of a millisecond it is copied in pieces. */
const ELEMENTS = 4_000;
const VALUE_BYTES = 80;
const FILLED_AT_ONCE = 500;

/** A type whose elements are written and read one by one. */
interface Kind {
  readonly valueOf: (number: number) => string;
  readonly write: (key: string, values: readonly (readonly [number, string])[]) => string[][];
  readonly read: (key: string, index: number) => string[];
  /** What a write of an element that is there is answered. */
  readonly written: number;
}

const padded = (number: number) => `${number} `.padEnd(VALUE_BYTES, 'x');

const KINDS: readonly Kind[] = [
  {
    valueOf: padded,
    write: (key, values) => [
      ['HSET', key, ...values.flatMap(([index, value]) => [`field:${index}`, value])],
    ],
    read: (key, index) => ['HGET', key, `field:${index}`],
    written: 0,
  },
  {
    valueOf: String,
    write: (key, values) => [
      ['ZADD', key, ...values.flatMap(([index, value]) => [value, memberOf(index)])],
    ],
    read: (key, index) => ['ZSCORE', key, memberOf(index)],
    written: 0,
  },
  {
    valueOf: padded,
    write: (key, values) =>
      values.map(([index, value]) => ['SETRANGE', key, String(index * VALUE_BYTES), value]),
    read: (key, index) => {
      const begin = index * VALUE_BYTES;
      return ['GETRANGE', key, String(begin), String(begin + VALUE_BYTES - 1)];
    },
    written: ELEMENTS * VALUE_BYTES,
  },
];

/** A large hash, sorted set or string of one worker, with a model of each of its elements. */
export class LargeKey implements Subject {
  readonly database = 0;
  readonly key: string;
  readonly #kind: Kind;
  readonly #findings: Findings;
  readonly #values: string[];
  /** What elements may be, after commands whose outcome is unknown. */
  readonly #doubtful = new Map<number, Set<string>>();
  #written = ELEMENTS;

  constructor(tag: string, index: number, findings: Findings) {
    this.key = `large{${tag}}`;
    this.#kind = KINDS[index % KINDS.length]!;
    this.#findings = findings;
    this.#values = Array.from({ length: ELEMENTS }, (_, element) => this.#kind.valueOf(element));
  }

  /** Commands that make it as the model has it at first, some at a time. */
  *fill(): Generator<readonly string[][]> {
    for (let first = 0; first < ELEMENTS; first += FILLED_AT_ONCE) {
      const values = this.#values.slice(first, first + FILLED_AT_ONCE);
      yield this.#kind.write(
        this.key,
        values.map((value, offset) => [first + offset, value] as const),
      );
    }
  }

  get isCertain(): boolean {
    return this.#doubtful.size === 0;
  }

  operation(random: Random): Operation {
    const index = random.whole(0, ELEMENTS - 1);
    return random.oneIn(2) ? this.#read(index) : this.#write(index);
  }

  recover(): readonly Operation[] {
    return [...this.#doubtful.keys()].map((index) => this.#read(index, 'to know'));
  }

  /** Reads of all elements, for the end. */
  readAll(): readonly Operation[] {
    return this.#values.map((_, index) => this.#read(index));
  }

  conclude(): void {}

  #write(index: number): Operation {
    const before = this.#values[index]!;
    const value = this.#kind.valueOf(this.#written++);
    this.#values[index] = value;
    const [args] = this.#kind.write(this.key, [[index, value]]);
    return {
      args: args!,
      settle: (outcome) => {
        const { written } = this.#kind;
        if (outcome.type === 'answered' && outcome.reply === written) {
          this.#doubtful.get(index)?.add(value);
          return;
        }
        if (outcome.type === 'answered') this.#report(args!, outcome, String(written));
        const possible = this.#doubtful.get(index) ?? new Set([before]);
        this.#doubtful.set(index, possible.add(value));
      },
    };
  }

  #read(index: number, purpose: 'to compare' | 'to know' = 'to compare'): Operation {
    const expected = this.#values[index]!;
    const args = this.#kind.read(this.key, index);
    return {
      args,
      settle: (outcome) => {
        if (outcome.type !== 'answered') return;
        const possible = this.#doubtful.get(index) ?? new Set([expected]);
        const found = String(outcome.reply);
        if (!possible.has(found)) this.#report(args, outcome, [...possible].join(' or '));
        if (purpose === 'to compare') return;
        this.#values[index] = found;
        this.#doubtful.delete(index);
      },
    };
  }

  #report(args: readonly string[], outcome: Outcome, right: string): void {
    const found = outcome.type === 'answered' ? JSON.stringify(outcome.reply) : outcome.error;
    this.#findings.difference(
      `${args.join(' ').slice(0, 120)} was answered ${found}, not ${right}`,
    );
  }
}

function memberOf(index: number): string {
  return `member:${index}`.padEnd(VALUE_BYTES, 'x');
}
