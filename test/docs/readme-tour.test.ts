import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { choosePorts, LocalClusterRun } from '../scripts/local-cluster.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { missingLine, PROJECT, type Step, stepsOfReadme } from './tour.js';

const data = join(temporaryFolder(), 'data');
const ports = await choosePorts();
// Within the six that were chosen, of which the cluster takes four.
const ownRedisPort = ports.redis + 5;
/** The ports that the tour names, and ours. */
const PORTS = new Map([
  ['19000', ports.proxy],
  ['19001', ports.proxy + 1],
  ['11000', ports.admin],
  ['6381', ports.redis],
  ['6382', ports.redis + 1],
  ['6383', ports.redis + 2],
  ['6384', ports.redis + 3],
  ['6391', ownRedisPort],
]);
const START = 'npm start\n';

let cluster: LocalClusterRun | null = null;
afterAll(async () => {
  await cluster?.cleanUp();
  // The tour's own server, if the tour did not come to its end.
  await run(`redis-cli -p ${ownRedisPort} shutdown nosave || true`);
});

test('the tour works when pasted', { timeout: 240_000 }, async () => {
  const steps = stepsOfReadme('Five-minute tour').map(here);
  expect(steps.filter(({ script }) => script === START).length).toBe(2);
  expect(steps.length).toBeGreaterThan(8);
  for (const { script, expected } of steps) {
    const output = script === START ? await startAgain() : await run(script);
    const missing = missingLine(expected, output);
    expect(missing, `is missing after\n${script}in\n${output}`).toBeNull();
  }
  expect(await cluster!.stop()).toEqual({ code: 0, signal: null });
});

/** The step with our ports, our data folder and our dashboard. */
function here({ script, expected }: Step): Step {
  const withPorts = (text: string) =>
    text.replaceAll(/\b(19000|19001|11000|638[1-4]|6391)\b/g, (port) => String(PORTS.get(port)));
  return {
    script: withPorts(script)
      .replaceAll('data/', `${data}/`)
      .replaceAll('bin/codis-config', `bin/codis-config --dashboard=127.0.0.1:${ports.dashboard}`)
      // With a title of its own it would hide from those who look for what tests leave behind.
      .replaceAll('--daemonize yes', '--daemonize yes --set-proc-title no'),
    expected: expected.map(withPorts),
  };
}

/** Ctrl-C if it runs, and `npm start`. */
async function startAgain(): Promise<string> {
  if (cluster !== null) expect(await cluster.stop()).toEqual({ code: 0, signal: null });
  cluster = new LocalClusterRun(data, ports);
  await cluster.ready();
  return cluster.output;
}

/** Runs commands as if typed at a terminal: programs show people something else than a pipe. */
async function run(script: string): Promise<string> {
  const shell = new TestProcess('script', ['-qec', 'bash -ec "$TOUR_STEP"', '/dev/null'], {
    cwd: PROJECT,
    env: { TOUR_STEP: script, NO_COLOR: '1', TERM: 'dumb' },
  });
  const { code } = await shell.exited;
  expect(code, `${script}${shell.stdout}${shell.stderr}`).toBe(0);
  return shell.stdout;
}
