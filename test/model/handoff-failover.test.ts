import { describe, expect, test } from 'vitest';
import { check, type Definitions, missingPrograms } from './spin.js';

const missing = missingPrograms();
if (missing.length > 0) {
  console.warn(
    `docs/handoff-failover.pml was NOT checked, the tests are skipped: no ${missing.join(', no ')}`,
  );
}

/** What is found does not depend on the machine's speed; how long it takes does. */
const TIMEOUT_MS = 600_000;
const MODEL = 'handoff-failover';

describe.skipIf(missing.length > 0)('the model of pulls and failovers', () => {
  test.each<[string, Definitions]>([
    ['writes', {}],
    ['a deletion', { COMMANDS: 1, DELETIONS: 1, SKIPS: 0, HANGS: 0 }],
  ])(
    'loses nothing, in every state that can be reached: %s',
    async (_title, definitions) => {
      const verdict = await check(definitions, 'everywhere', MODEL);
      expect(verdict).toMatchObject({ violated: null, isExhaustive: true });
      expect(verdict.states).toBeGreaterThan(50_000);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['BREAK_WAIT_TARGET', 'LOST'],
    ['BREAK_WAIT_SOURCE', 'STRAY'],
    ['BREAK_REPLACE', 'LOST'],
    ['BREAK_KEEP', 'LOST'],
    ['BREAK_CONFIRM', 'LOST'],
  ])(
    '%s violates %s',
    async (variant, violated) => {
      const definitions = { [variant]: 1, [`ONLY_${violated}`]: 1 };
      const verdict = await check(definitions, 'until found', MODEL);
      expect(verdict.violated, verdict.output).toBe(violated);
    },
    TIMEOUT_MS,
  );
});
