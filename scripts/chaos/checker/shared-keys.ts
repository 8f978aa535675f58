import type { Random } from '../../support/random.js';
import type { Findings } from './findings.js';
import type { Operation } from './operation.js';

/**
 * A server reads 16 kB of a connection, then turns to the next one. A burst of commands with such
 * long names is still being read when other proxies' commands come in between.
 */
const BURST = 200;
const PADDING = 'x'.repeat(200);
/** A log gets no longer than this; then the next one is begun. */
const LOG_LENGTH = 500;

/** A counter that all workers increment. */
class SharedCounter {
  readonly key: string;
  readonly #findings: Findings;
  /** Every value that was answered: each increment has one of its own. */
  readonly #answered = new Set<number>();
  /** The last value that each worker was answered. */
  readonly #last = new Map<number, number>();
  #unknown = 0;

  constructor(key: string, findings: Findings) {
    this.key = key;
    this.#findings = findings;
  }

  operation(worker: number): Operation {
    return {
      args: ['INCR', this.key],
      settle: (outcome) => {
        if (outcome.type === 'unknown') this.#unknown++;
        if (outcome.type !== 'answered') return;
        const value = Number(outcome.reply);
        const last = this.#last.get(worker) ?? 0;
        if (!(value > last)) {
          this.#findings.difference(
            `INCR ${this.key} was answered ${outcome.reply} to worker ${worker} after ${last}`,
          );
        } else if (this.#answered.has(value)) {
          this.#findings.difference(`INCR ${this.key} was answered ${value} twice`);
        }
        this.#answered.add(value);
        this.#last.set(worker, value);
      },
    };
  }

  /** @param text what is there at the end; null: nothing */
  check(text: string | null): void {
    const value = Number(text ?? '0');
    const least = this.#answered.size;
    const most = least + this.#unknown;
    if (value >= least && value <= most && value >= Math.max(0, ...this.#last.values())) return;
    this.#findings.difference(
      `${this.key} is ${text}: ${least} increments were acknowledged, ${this.#unknown} unknown`,
    );
  }
}

/** A list that all workers append to. */
class SharedLog {
  readonly key: string;
  readonly #findings: Findings;
  readonly #acknowledged: string[] = [];
  readonly #unknown = new Set<string>();

  constructor(key: string, findings: Findings) {
    this.key = key;
    this.#findings = findings;
  }

  get isFull(): boolean {
    return this.#acknowledged.length >= LOG_LENGTH;
  }

  /** @param line `worker:number`, ascending within a worker */
  operation(line: string): Operation {
    return {
      args: ['RPUSH', this.key, line],
      settle: (outcome) => {
        if (outcome.type === 'answered') this.#acknowledged.push(line);
        else if (outcome.type === 'unknown') this.#unknown.add(line);
      },
    };
  }

  check(lines: readonly string[]): void {
    const found = new Set(lines);
    if (found.size < lines.length) {
      const twice = lines.filter((line, index) => lines.indexOf(line) !== index);
      this.#findings.difference(`${this.key} has lines twice: ${twice.slice(0, 5)}`);
    }
    const lost = this.#acknowledged.filter((line) => !found.has(line));
    if (lost.length > 0) {
      this.#findings.difference(
        `${this.key} lacks ${lost.length} acknowledged lines, such as ${lost.slice(0, 5)}`,
      );
    }
    const known = new Set([...this.#acknowledged, ...this.#unknown]);
    const foreign = lines.filter((line) => !known.has(line));
    if (foreign.length > 0) {
      this.#findings.difference(
        `${this.key} has lines that were refused or never sent: ${foreign.slice(0, 5)}`,
      );
    }
    this.#checkOrder(lines.filter((line) => !this.#unknown.has(line)));
  }

  /** Each worker's lines are in the order in which it sent them. */
  #checkOrder(lines: readonly string[]): void {
    const last = new Map<string, number>();
    for (const line of lines) {
      const [worker, number] = line.split(':') as [string, string];
      if (Number(number) <= (last.get(worker) ?? -1)) {
        this.#findings.difference(`${this.key} has ${line} behind ${worker}:${last.get(worker)}`);
        return;
      }
      last.set(worker, Number(number));
    }
  }
}

/** Keys that all workers write to, by commands of which none may be lost nor done twice. */
export class SharedKeys {
  readonly #findings: Findings;
  readonly #counters: readonly SharedCounter[];
  readonly #logs: SharedLog[] = [];
  readonly #current: SharedLog[];
  readonly #nextLine = new Map<number, number>();
  readonly #nameOf: (what: string) => string;

  /** @param nameOf makes a key's name; different for different names given to it */
  constructor(
    counters: number,
    logs: number,
    nameOf: (what: string) => string,
    findings: Findings,
  ) {
    this.#findings = findings;
    this.#nameOf = nameOf;
    this.#counters = Array.from({ length: counters }, (_, index) => {
      return new SharedCounter(nameOf(`shared:counter:${index}:${PADDING}`), findings);
    });
    this.#current = Array.from({ length: logs }, () => this.#newLog());
  }

  operation(worker: number, random: Random): Operation {
    if (random.oneIn(2)) return random.pick(this.#counters).operation(worker);
    const number = this.#nextLine.get(worker) ?? 0;
    this.#nextLine.set(worker, number + 1);
    const index = random.whole(0, this.#current.length - 1);
    if (this.#current[index]!.isFull) this.#current[index] = this.#newLog();
    return this.#current[index]!.operation(`${worker}:${number}`);
  }

  /** Increments of one counter, more than a server reads at once. */
  burst(worker: number, random: Random): Operation[] {
    const counter = random.pick(this.#counters);
    return Array.from({ length: BURST }, () => counter.operation(worker));
  }

  /** @param key a key of ours @returns false if it is none */
  check(key: string, data: string | readonly string[] | null): boolean {
    const counter = this.#counters.find((each) => each.key === key);
    if (counter) {
      counter.check(data as string | null);
      return true;
    }
    const log = this.#logs.find((each) => each.key === key);
    if (log) log.check((data ?? []) as readonly string[]);
    return log !== undefined;
  }

  get keys(): { counters: readonly string[]; logs: readonly string[] } {
    return {
      counters: this.#counters.map(({ key }) => key),
      logs: this.#logs.map(({ key }) => key),
    };
  }

  #newLog(): SharedLog {
    const log = new SharedLog(this.#nameOf(`shared:log:${this.#logs.length}`), this.#findings);
    this.#logs.push(log);
    return log;
  }
}
