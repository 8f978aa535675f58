import type { Plain } from '../../../resp/decode.js';
import type { Random } from '../../support/random.js';
import { type Cell, UNTOLD } from './cell.js';
import type { Findings } from './findings.js';
import { type Step, withData } from './model/keys.js';
import { getString } from './model/strings.js';
import type { Operation } from './operation.js';
import type { Outcome } from './outcome.js';

const ROLES = ['s1', 's2'] as const;

/** A command on the keys of several cells, which the proxy splits: MGET, MSET or DEL. */
export function splitOperation(
  cells: readonly Cell[],
  random: Random,
  unique: () => string,
  findings: Findings,
): Operation {
  const keys = cells.map((cell) => ({ cell, key: cell.name(random.pick(ROLES)) }));
  switch (random.whole(0, 3)) {
    case 0: {
      const parts = keys.map(({ cell, key }) => ({ cell, step: setStep(key, unique()) }));
      const args = ['MSET', ...parts.flatMap(({ step }) => step.args.slice(1))];
      return join(args, parts, (reply) => parts.map(() => reply));
    }
    case 1: {
      const parts = keys.map(({ cell, key }) => ({ cell, step: deleteStep(key) }));
      return join(['DEL', ...keys.map(({ key }) => key)], parts, sumOfParts(cells, findings));
    }
    default: {
      const parts = keys.map(({ cell, key }) => ({ cell, step: getString(key) }));
      return join(['MGET', ...keys.map(({ key }) => key)], parts, (reply) =>
        Array.isArray(reply) && reply.length === parts.length ? reply : parts.map(() => reply),
      );
    }
  }
}

interface Part {
  readonly cell: Cell;
  readonly step: Step;
}

/** @param replies takes the whole reply apart; `expected` is what the parts have to have answered */
function join(
  args: readonly string[],
  parts: readonly Part[],
  replies: (reply: Plain, expected: readonly Plain[]) => readonly Plain[],
): Operation {
  const expected = parts.map(({ cell, step }) => cell.plan(step));
  return {
    args,
    settle: (outcome) => {
      const own = replies(outcome.type === 'answered' ? outcome.reply : null, expected);
      for (const [index, { cell, step }] of parts.entries()) {
        cell.settle(step, partOf(outcome, own[index]!), expected[index]!);
      }
    },
  };
}

/** A refusal tells of one part; the others may have been executed. */
function partOf(outcome: Outcome, reply: Plain): Outcome {
  if (outcome.type === 'answered') return { type: 'answered', reply };
  return { type: 'unknown', error: outcome.error };
}

/** A sum that is right says that all parts are; else it does not say which one is not. */
function sumOfParts(cells: readonly Cell[], findings: Findings) {
  return (reply: Plain, expected: readonly Plain[]): readonly Plain[] => {
    const sum = expected.reduce<number>((total, part) => total + Number(part), 0);
    if (reply === sum) return expected;
    if (reply !== null && cells.every((cell) => cell.isAsExpected)) {
      const tags = cells.map(({ tag }) => tag).join(', ');
      findings.difference(`DEL of keys of ${tags} was answered ${reply}, not ${sum}`);
    }
    return cells.map(() => UNTOLD);
  };
}

function setStep(key: string, text: string): Step {
  return {
    args: ['MSET', key, text],
    apply: (keys) => ({ keys: withData(keys, key, { type: 'string', text }), reply: 'OK' }),
  };
}

function deleteStep(key: string): Step {
  return {
    args: ['DEL', key],
    apply: (keys) => ({ keys: withData(keys, key, null), reply: keys.has(key) ? 1 : 0 }),
  };
}
