import { writeFileSync } from 'node:fs';
import { OperatorError } from '../../base/errors.js';
import { parseOptions } from './options.js';
import { renderReport } from './report.js';
import { runBounds } from './run-bounds.js';

/** `npm run bench:bounds`. Sets the exit code; a failure is shown in two lines. */
export async function run(args: readonly string[]): Promise<void> {
  const abort = new AbortController();
  // Not `once`: on Ctrl-C a signal comes from the terminal and another one from npm.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => abort.abort());
  }
  try {
    const options = parseOptions(args);
    const result = await runBounds(options, abort.signal, (what) => console.error(what));
    console.log(renderReport(result, options.markdown ? 'markdown' : 'text'));
    if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    process.exitCode = 1;
    if (abort.signal.aborted) console.error('\nbench:bounds: interrupted');
    else if (error instanceof OperatorError) {
      console.error(`\nbench:bounds: ${error.message}`);
      if (error.hint) console.error(`  ${error.hint}`);
    } else throw error;
  }
}
