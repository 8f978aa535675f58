import { writeFileSync } from 'node:fs';
import { OperatorError } from '../../base/errors.js';
import { hottestFunctions } from '../bench/cpu-profile.js';
import { profileFolders } from './codis-cluster.js';
import { measureLargeHash, renderLargeHash } from './large-hash.js';
import { parseOptions } from './options.js';
import { renderReport } from './report.js';
import { runBench } from './run-bench.js';

const HOT_FUNCTIONS_SHOWN = 30;

/** `npm run bench:migrate`. Sets the exit code; a failure is shown in two lines. */
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
    if (abort.signal.aborted) console.error('\nbench:migrate: interrupted');
    else if (error instanceof OperatorError) {
      console.error(`\nbench:migrate: ${error.message}`);
      if (error.hint) console.error(`  ${error.hint}`);
    } else throw error;
  }
}

async function measureAndReport(args: readonly string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args);
  const { profileFolder, jsonFile } = options;
  const format = options.markdown ? 'markdown' : 'text';
  if (options.largeFields > 0) {
    const hash = await measureLargeHash(options, signal, (what) => console.error(what));
    console.log(renderLargeHash(hash, format));
    return;
  }
  const result = await runBench(options, signal, (what) => console.error(what));
  console.log(renderReport(result, format));
  if (jsonFile) writeFileSync(jsonFile, `${JSON.stringify(result, null, 2)}\n`);
  if (profileFolder) {
    for (const [program, folder] of Object.entries(profileFolders(profileFolder))) {
      console.log(`\nprocessor time of the ${program}:`);
      for (const { name, share } of hottestFunctions(folder, HOT_FUNCTIONS_SHOWN)) {
        console.log(`${(share * 100).toFixed(1).padStart(5)}%  ${name}`);
      }
    }
  }
}
