import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../base/errors.js';
import { listenForStop } from '../../base/stop-signal.js';
import { ensurePrograms, REDIS, TCL } from '../local-cluster/programs.js';
import { parseOptions, type SuiteOptions } from './options.js';
import { lostTests, renderFailures, renderLost, renderReport, unexplained } from './report.js';
import { runSuite, type SuiteResults } from './run-suite.js';
import { CACHE_FOLDER, findTests } from './sources.js';

/** `npm run test:redis-suite`. Sets the exit code; a failure is shown in two lines. */
export async function run(args: readonly string[]): Promise<void> {
  const abort = new AbortController();
  listenForStop(
    () => abort.abort(),
    () => process.exit(130),
  );
  try {
    await runAndReport(parseOptions(args), abort.signal);
    if (abort.signal.aborted) process.exitCode = 130;
  } catch (error) {
    process.exitCode = 1;
    if (abort.signal.aborted) console.error('redis-suite: interrupted');
    else if (error instanceof OperatorError) {
      console.error(`redis-suite: ${error.message}`);
      if (error.hint) console.error(`  ${error.hint}`);
    } else throw error;
  }
}

async function runAndReport(options: SuiteOptions, signal: AbortSignal): Promise<void> {
  const say = (line: string): void => console.error(line);
  await ensurePrograms([REDIS, TCL], say);
  const sources = await findTests(options.testsFolder, say, signal);
  const results = await runSuite({
    ...options,
    sources,
    signal,
    onUnit: (target, unit, { passed, failed, ending, seconds }) => {
      const end = ending ? `, ended: ${ending.reason.slice(0, 100)}` : '';
      const figures = `${passed.length} ok, ${failed.length} err, ${seconds.toFixed(1)} s`;
      say(`${target} ${unit}: ${figures}${end}`);
    },
  });
  if (options.isVerbose) {
    for (const name of options.targets) {
      console.log(`\nfailed on ${name}:\n${renderFailures(results[name]!)}`);
    }
    console.log('');
  }
  console.log(renderReport(options.units, results, options.markdown ? 'markdown' : 'text'));
  save(results, options);
}

function save(results: SuiteResults, { jsonFile, targets }: SuiteOptions): void {
  mkdirSync(CACHE_FOLDER, { recursive: true });
  if (targets.length > 1) {
    const file = join(CACHE_FOLDER, 'lost-tests.txt');
    const lost = lostTests(results);
    writeFileSync(file, renderLost(lost));
    console.log(`the tests that the proxy does not pass: ${file}`);
    const news = unexplained(lost);
    if (news.length > 0) console.log(`not in docs/commands.md:\n${renderLost(news)}`);
  }
  if (jsonFile === null) return;
  const entries = targets.map((name) => [name, Object.fromEntries(results[name]!)]);
  writeFileSync(jsonFile, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}
