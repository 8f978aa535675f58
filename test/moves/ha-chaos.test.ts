import { expect, it } from 'vitest';
import { HA_FAULTS } from '../../scripts/chaos/ha/ha-faults.js';
import { renderHaReport } from '../../scripts/chaos/ha/ha-report.js';
import { runHaChaos } from '../../scripts/chaos/ha/ha-run.js';

const FAULTS = ['kill -9 of a master', 'the dashboard that leads does not reach a master'];

it('masters that are killed are replaced, at rest and in a move, others are not; WAIT keeps its word', async () => {
  const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`CHAOS_SEED=${seed}`);
  const result = await runHaChaos(
    {
      seed,
      coordinator: 'embedded',
      faults: HA_FAULTS.filter(({ name }) => FAULTS.includes(name)),
      rounds: 3,
      downAfterMs: 500,
      minReplicas: 0,
      writers: 6,
      pauseMs: 5,
    },
    console.log,
    new AbortController().signal,
  );
  console.log(renderHaReport(result));
  expect(result.rounds.map(({ problem, duringMove }) => [problem, duringMove])).toEqual([
    ['', false],
    ['', false],
    ['', true],
  ]);
  expect(result.rounds.map(({ isFailover }) => isFailover)).toEqual([true, false, true]);
  expect(result.acknowledged).toBeGreaterThan(0);
  expect(result.acknowledgedSafe).toBeGreaterThan(0);
  expect(result.lostSafe).toBe(0);
}, 180_000);
