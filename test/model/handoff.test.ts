import { describe, expect, test } from 'vitest';
import { check, type Definitions, missingPrograms, type Verdict } from './spin.js';

const missing = missingPrograms();
if (missing.length > 0) {
  console.warn(
    `docs/handoff.pml was NOT checked, the tests are skipped: no ${missing.join(', no ')}`,
  );
}

/** What is found does not depend on the machine's speed; how long it takes does. */
const TIMEOUT_MS = 600_000;

const checked = new Map<string, Promise<Verdict>>();
/** Variants share their bounds. */
function checkOnce(definitions: Definitions): Promise<Verdict> {
  const key = JSON.stringify(definitions);
  const known = checked.get(key) ?? check(definitions, 'until found');
  checked.set(key, known);
  return known;
}

describe.skipIf(missing.length > 0)('the model of the hand-off', () => {
  describe('holds, in every state that can be reached', () => {
    test.each<[string, Definitions]>([
      ['three commands, a key that is made on the way', { PARTITIONS: 0 }],
      ['a proxy that is cut off', { COMMANDS: 2 }],
      ['a key that was there before', { COMMANDS: 2, PARTITIONS: 0, INITIAL: 1 }],
      ['two that crash', { COMMANDS: 2, PARTITIONS: 0, CRASHES: 2, FAILED_PULLS: 0, ROLLBACKS: 0 }],
    ])(
      '%s',
      async (_title, definitions) => {
        const verdict = await check(definitions, 'everywhere');
        expect(verdict).toMatchObject({ violated: null, isExhaustive: true });
        expect(verdict.states).toBeGreaterThan(100_000);
      },
      TIMEOUT_MS,
    );

    test(
      'every run comes to its end with the slot online',
      async () => {
        const verdict = await check({ COMMANDS: 2, PARTITIONS: 0 }, 'along runs');
        expect(verdict).toMatchObject({ violated: null, isExhaustive: true });
        expect(verdict.states).toBeGreaterThan(100_000);
      },
      TIMEOUT_MS,
    );
  });

  /** Few things happen, so that what is found is short and found soon. */
  const quiet = {
    COMMANDS: 2,
    FAILED_PULLS: 0,
    CRASHES: 0,
    PARTITIONS: 0,
    CANCELS: 0,
    ROLLBACKS: 0,
  };

  describe.each<[string, string, Definitions]>([
    ['BREAK_I1', 'I1', {}],
    ['BREAK_I2', 'I2', {}],
    ['BREAK_I2_WORKERS', 'I2', {}],
    ['BREAK_I2_PULLS', 'I2', { CANCELS: 1 }],
    ['BREAK_I3', 'I3', {}],
    ['BREAK_FENCE', 'I3', { PARTITIONS: 1 }],
    ['BREAK_JOIN', 'I3', { CRASHES: 1 }],
    ['BREAK_I4', 'I4', { FAILED_PULLS: 1 }],
    ['BREAK_MEMORY', 'I4', { CANCELS: 1 }],
    ['BREAK_CANCEL', 'I1', { CANCELS: 1 }],
    ['BREAK_I5', 'I5', { FAILED_PULLS: 1 }],
    ['BREAK_LATE_COMMAND', 'I2', { CRASHES: 1 }],
    ['BREAK_LATE_PROXY', 'I3', { CRASHES: 1 }],
    ['BREAK_LATE_MOVER', 'I5', { CRASHES: 1, CANCELS: 1 }],
    ['BREAK_LATE_RESTORE', 'STRAY', { FAILED_PULLS: 1 }],
  ])('%s', (variant, invariant, more) => {
    // A key that is there: one acknowledged write is enough to be lost.
    const definitions = { ...quiet, INITIAL: 1, ...more };

    test(
      'without it, all is well',
      async () => {
        expect(await checkOnce(definitions)).toMatchObject({ violated: null, isExhaustive: true });
      },
      TIMEOUT_MS,
    );

    test.each([invariant, 'LOST'])(
      'violates %s',
      async (only) => {
        const verdict = await check({ ...definitions, [variant]: 1, ONLY: only }, 'until found');
        expect(verdict.violated, verdict.output).toBe(only);
      },
      TIMEOUT_MS,
    );
  });
});
