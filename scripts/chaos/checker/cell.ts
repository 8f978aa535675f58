import type { Plain } from '../../../resp/decode.js';
import type { Random } from '../../support/random.js';
import type { Findings } from './findings.js';
import { fingerprint, ROLES, readsOf, STEP_FAMILIES } from './model/cell-steps.js';
import type { Effect, Keys, Scene, Step } from './model/keys.js';
import type { Operation, Subject } from './operation.js';
import type { Outcome } from './outcome.js';

const KEPT_HISTORY = 30;

interface Done {
  readonly step: Step;
  readonly outcome: Outcome;
}

/**
 * The keys of one hash tag, with a model of them: every reply is compared with what it has to be.
 * While the outcome of a command is unknown there are several models, until a read tells.
 */
export class Cell implements Subject {
  readonly tag: string;
  readonly database: number;
  readonly #findings: Findings;
  readonly #unique: () => string;
  /** As it is when all that was sent has been executed. */
  #expected: Keys = new Map();
  /** As it may be, before the batch that is under way. */
  #possible: readonly Keys[] = [new Map()];
  #batch: Done[] = [];
  #isAsExpected = true;
  #isRecovering = false;
  #history: string[] = [];

  constructor(tag: string, database: number, findings: Findings, unique: () => string) {
    this.tag = tag;
    this.database = database;
    this.#findings = findings;
    this.#unique = unique;
  }

  get isCertain(): boolean {
    return this.#possible.length === 1;
  }

  /** The states that the keys may be in: one if all outcomes are known. */
  get possible(): readonly Keys[] {
    return this.#possible;
  }

  name(role: string): string {
    return `${role}{${this.tag}}`;
  }

  /** A command on keys of this cell alone. */
  operation(random: Random): Operation {
    const scene: Scene = {
      random,
      keys: this.#expected,
      name: (role) => this.name(role),
      unique: this.#unique,
    };
    const step = random.pick(random.pick(STEP_FAMILIES))(scene);
    return this.#asOperation(step);
  }

  recover(): readonly Operation[] {
    this.#isRecovering = true;
    const reads = Object.entries(ROLES).flatMap(([role, type]) => readsOf(type, this.name(role)));
    return reads.map((step) => this.#asOperation(step));
  }

  #asOperation(step: Step): Operation {
    const expect = this.plan(step);
    return { args: step.args, settle: (outcome) => this.settle(step, outcome, expect) };
  }

  /** Takes note that the step is about to be sent. @returns the reply it has to have */
  plan(step: Step): Plain {
    if (this.#isRecovering) return null;
    const { keys, reply } = step.apply(this.#expected);
    this.#expected = keys;
    return reply;
  }

  /** @param expected what {@link plan} returned */
  settle(step: Step, outcome: Outcome, expected: Plain): void {
    this.#batch.push({ step, outcome });
    const isRight =
      !this.#isRecovering && outcome.type === 'answered' && isEqual(step, outcome.reply, expected);
    if (!isRight) this.#isAsExpected = false;
  }

  /** All replies of the batch were right so far. */
  get isAsExpected(): boolean {
    return this.#isAsExpected;
  }

  conclude(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const { step, outcome } of batch) this.#remember(step, outcome);
    if (this.#isAsExpected) {
      this.#possible = [this.#expected];
    } else {
      this.#possible = this.#replay(batch);
      this.#expected = this.#possible[0]!;
    }
    this.#isAsExpected = true;
    this.#isRecovering = false;
  }

  /** The states that explain all outcomes. */
  #replay(batch: readonly Done[]): readonly Keys[] {
    let states = this.#possible;
    for (const { step, outcome } of batch) {
      if (outcome.type === 'refused') continue;
      const effects = states.map((keys) => step.apply(keys));
      const done = effects.map(({ keys }) => keys);
      if (outcome.type === 'unknown') {
        states = distinct([...states, ...done]);
        continue;
      }
      const { reply } = outcome;
      const right = done.filter(
        (_, index) => reply === UNTOLD || isEqual(step, reply, effects[index]!.reply),
      );
      if (right.length === 0) this.#report(step, outcome, effects);
      // Go on from what would have been right: one difference is told once.
      states = distinct(right.length > 0 ? right : done);
    }
    return states;
  }

  #report(step: Step, outcome: Outcome, effects: readonly Effect[]): void {
    const found = outcome.type === 'answered' ? JSON.stringify(outcome.reply) : outcome.error;
    const rights = effects.map(({ reply }) => JSON.stringify(reply));
    this.#findings.difference(
      [
        `${shown(step.args)} was answered ${found}, not ${[...new Set(rights)].join(' or ')};`,
        'before it, the oldest first:',
        ...this.#history.map((line) => `    ${line}`),
      ].join('\n'),
    );
  }

  #remember(step: Step, outcome: Outcome): void {
    const result = outcome.type === 'answered' ? JSON.stringify(outcome.reply) : outcome.error;
    this.#history.push(
      `${new Date().toISOString().slice(11, 23)} ${shown(step.args)} -> ${result}`,
    );
    if (this.#history.length > KEPT_HISTORY) this.#history = this.#history.slice(-KEPT_HISTORY);
  }
}

/** The reply of a part of a command that was answered as a whole. */
export const UNTOLD: Plain = '\0untold';

function isEqual(step: Step, found: Plain, expected: Plain): boolean {
  const { arrange } = step;
  const [one, other] = arrange ? [arrange(found), arrange(expected)] : [found, expected];
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function distinct(states: readonly Keys[]): readonly Keys[] {
  if (states.length === 1) return states;
  return [...new Map(states.map((keys) => [fingerprint(keys), keys])).values()];
}

/** For messages. */
export function shown(args: readonly string[]): string {
  const text = args.map((arg) => (/^[\w:.{}*=+-]+$/.test(arg) ? arg : JSON.stringify(arg)));
  return text.join(' ').slice(0, 300);
}
