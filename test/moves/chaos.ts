import {
  type ChaosOptions,
  type ChaosResult,
  GROUPS,
  runChaos,
} from '../../scripts/chaos/chaos-run.js';
import { selectFaults } from '../../scripts/chaos/options.js';
import { renderReport } from '../../scripts/chaos/report.js';
import { setupOf } from '../../scripts/chaos/setup.js';

/** A short `npm run chaos`, with what it found told in the test's output. */
export async function shortChaos(
  coordinator: ChaosOptions['coordinator'],
  movingMs: number,
  faults: readonly string[],
): Promise<ChaosResult> {
  const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const options: ChaosOptions = {
    seed,
    coordinator,
    stillMs: 2_000,
    movingMs,
    faults: faults.flatMap((name) => selectFaults([name], coordinator)),
    outageMs: 3_000,
    workers: 3,
    rate: 1_000,
    cells: 40,
    ballastKeys: 10_000,
    setup: setupOf(seed, GROUPS),
  };
  console.log(`CHAOS_SEED=${seed}`);
  const result = await runChaos(options, console.log, new AbortController().signal);
  console.log(renderReport(result));
  return result;
}
