import { expect, it } from 'vitest';
import { HA_FAULTS } from '../../scripts/chaos/ha/ha-faults.js';
import { parseHaOptions } from '../../scripts/chaos/ha/ha-options.js';
import { renderHaReport } from '../../scripts/chaos/ha/ha-report.js';
import type { HaRound } from '../../scripts/chaos/ha/ha-run.js';

it('npm run chaos -- --ha takes each fault at rest and in a move by default', () => {
  const { faults, rounds, downAfterMs, minReplicas, coordinator } = parseHaOptions(['--ha']);
  expect(faults).toEqual(HA_FAULTS);
  expect(rounds).toBe(2 * HA_FAULTS.length);
  expect([downAfterMs, minReplicas, coordinator]).toEqual([1_500, 0, 'zookeeper']);
  expect(faults.length).toBeGreaterThan(
    parseHaOptions(['--coordinator', 'embedded']).faults.length,
  );
  const asked = parseHaOptions(['--ha', '--rounds', '100', '--down-after', '300', '--seed', '7']);
  expect(asked).toMatchObject({ rounds: 100, downAfterMs: 300, seed: 7 });
});

it('says what came of each fault, and what was lost', () => {
  const round = (recoveryMs: number, more: Partial<HaRound> = {}): HaRound => ({
    ...{ name: 'kill -9 of a master', duringMove: false, isFailover: true },
    ...{ recoveryMs, lonelySplitMs: 0, splitMs: 0, problem: '' },
    ...more,
  });
  const text = renderHaReport({
    rounds: [round(500), round(700, { duringMove: true }), round(900, { splitMs: 40 })],
    ...{ acknowledged: 1000, lost: 3, acknowledgedSafe: 400, lostSafe: 0 },
    errors: new Map([['ERR lost', 2]]),
    folder: '/tmp/none',
  });
  expect(text).toContain('| kill -9 of a master | 3 | 1 | 3 | 700 ms | 900 ms | 0 ms | 40 ms |');
  expect(text).toContain('3 rounds, 3 failovers; without a write for 700 ms (p50), 900 ms (max)');
  expect(text).toContain('through proxies: 0.0 s in all');
  expect(text).toContain('acknowledged writes lost, without WAIT: 3 of 600');
  expect(text).toContain('at a replica: 0 of 400');
  expect(text).toContain('  2 × ERR lost');
  expect(text).not.toContain('logs:');
});
