import { OperatorError } from '../../base/errors.js';
import { listenForStop } from '../../base/stop-signal.js';
import { ensurePrograms, JAVA, REDIS, ZOOKEEPER } from '../local-cluster/programs.js';
import { runChaos } from './chaos-run.js';
import { parseHaOptions } from './ha/ha-options.js';
import { renderHaReport } from './ha/ha-report.js';
import { isHaWrong, runHaChaos } from './ha/ha-run.js';
import { parseOptions } from './options.js';
import { renderReport } from './report.js';

/** `npm run chaos`. Sets the exit code: 1 if something was found, or could not be run. */
export async function run(args: readonly string[]): Promise<void> {
  const abort = new AbortController();
  // The servers die with us.
  listenForStop(
    () => abort.abort(),
    () => process.exit(130),
  );
  const say = (line: string) => console.log(line);
  try {
    if (args.includes('--ha')) {
      await runHa(args, say, abort.signal);
      return;
    }
    const options = parseOptions(args);
    const programs = options.coordinator === 'zookeeper' ? [JAVA, ZOOKEEPER] : [];
    await ensurePrograms([REDIS, ...programs], say);
    say(`seed ${options.seed}`);
    const result = await runChaos(options, say, abort.signal);
    say(renderReport(result));
    const { differenceCount, errorCount } = result.findings;
    if (differenceCount > 0 || (options.faults.length === 0 && errorCount > 0)) {
      process.exitCode = 1;
    }
  } catch (error) {
    process.exitCode = 1;
    if (abort.signal.aborted) console.error('chaos: interrupted');
    else if (error instanceof OperatorError) {
      console.error(`chaos: ${error.message}`);
      if (error.hint) console.error(`  ${error.hint}`);
    } else throw error;
  }
}

async function runHa(
  args: readonly string[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const options = parseHaOptions(args);
  const programs = options.coordinator === 'zookeeper' ? [JAVA, ZOOKEEPER] : [];
  await ensurePrograms([REDIS, ...programs], say);
  say(`seed ${options.seed}`);
  const result = await runHaChaos(options, say, signal);
  say(renderHaReport(result));
  if (isHaWrong(result)) process.exitCode = 1;
}
