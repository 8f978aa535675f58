import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../base/errors.js';
import { runUnit } from './run-unit.js';
import { type TargetName, TestTarget } from './servers.js';
import { copyTests } from './sources.js';
import type { UnitResult } from './unit-output.js';

export interface SuiteRun {
  readonly units: readonly string[];
  readonly targets: readonly TargetName[];
  /** The folder that has `tests`. */
  readonly sources: string;
  readonly silenceMs: number;
  readonly isDurable: boolean;
  readonly signal: AbortSignal;
  /** Told when a unit is over. */
  readonly onUnit?: (target: TargetName, unit: string, result: UnitResult) => void;
}

/** By unit, in the order asked for. */
export type TargetResults = ReadonlyMap<string, UnitResult>;
export type SuiteResults = Readonly<Partial<Record<TargetName, TargetResults>>>;

/** Runs the units, one after the other; both targets at the same time. */
export async function runSuite(run: SuiteRun): Promise<SuiteResults> {
  const lanes = await Promise.all(
    run.targets.map(async (name) => [name, await runTarget(run, name)] as const),
  );
  return Object.fromEntries(lanes);
}

async function runTarget(run: SuiteRun, name: TargetName): Promise<TargetResults> {
  const results = new Map<string, UnitResult>();
  const folder = mkdtempSync(join(tmpdir(), 'codis-redis-suite-'));
  const target = new TestTarget(name);
  const killServers = (): void => target.killNow();
  process.once('exit', killServers);
  try {
    copyTests(run.sources, folder);
    for (const unit of run.units) {
      if (run.signal.aborted) break;
      const result = await runOne(run, unit, target, folder);
      results.set(unit, result);
      run.onUnit?.(name, unit, result);
    }
  } finally {
    await target.stop();
    process.off('exit', killServers);
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

async function runOne(
  run: SuiteRun,
  unit: string,
  target: TestTarget,
  folder: string,
): Promise<UnitResult> {
  let server: Awaited<ReturnType<TestTarget['start']>>;
  try {
    // A machine that is busy for a moment must not cost a unit.
    server = await target.start().catch(() => target.start());
  } catch (error) {
    await target.stop();
    const ending = { name: '(start of the servers)', reason: messageOf(error) };
    return { passed: [], failed: [], ending, seconds: 0 };
  }
  const { silenceMs, isDurable, signal } = run;
  const isSharded = target.name === 'proxy';
  const result = await runUnit({ unit, server, folder, silenceMs, isDurable, isSharded, signal });
  const complaint = await target.complaint();
  if (complaint === null) return result;
  const failure = { name: '(the servers afterwards)', reason: complaint };
  return { ...result, failed: [...result.failed, failure] };
}
