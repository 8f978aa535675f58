import { mkdirSync, writeFileSync } from 'node:fs';
import { OperatorError } from '../../base/errors.js';
import { renderChart } from './chart.js';
import { hottestFunctions } from './cpu-profile.js';
import { parseOptions } from './options.js';
import { renderReport } from './report.js';
import { runBench } from './run-bench.js';
import { measureWaiting, renderWaiting } from './waiting-clients.js';

const HOT_FUNCTIONS_SHOWN = 25;

/** One line that is rewritten on a terminal; nothing elsewhere. */
function showProgress(done: number, total: number, what: string): void {
  if (!process.stderr.isTTY) return;
  const line = `${done}/${total} ${what}`;
  process.stderr.write(done === total ? '\r\x1b[K' : `\r\x1b[K${line}`);
}

/** `npm run bench`. Sets the exit code; a failure is shown in two lines. */
export async function run(args: readonly string[]): Promise<void> {
  const abort = new AbortController();
  // Not `once`: on Ctrl-C a signal comes from the terminal and another one from npm.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => abort.abort());
  }
  try {
    await measureAndReport(args, abort.signal);
  } catch (error) {
    process.exitCode = 1;
    if (abort.signal.aborted) console.error('\nbench: interrupted');
    else if (error instanceof OperatorError) {
      console.error(`\nbench: ${error.message}`);
      if (error.hint) console.error(`  ${error.hint}`);
    } else throw error;
  }
}

async function measureAndReport(args: readonly string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args);
  if (options.waiting > 0) {
    console.log(renderWaiting(options, await measureWaiting(options, signal)));
    return;
  }
  if (options.profileFolder) mkdirSync(options.profileFolder, { recursive: true });
  const result = await runBench(options, signal, showProgress);
  console.log(renderReport(result, options.markdown ? 'markdown' : 'text'));
  if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`);
  if (options.svgFile) writeFileSync(options.svgFile, renderChart(result));
  if (options.profileFolder) {
    for (const { name, share } of hottestFunctions(options.profileFolder, HOT_FUNCTIONS_SHOWN)) {
      console.log(`${(share * 100).toFixed(1).padStart(5)}%  ${name}`);
    }
  }
}
