/**
 * `npm test`: everything from formatting to tests with real servers, in a fresh clone too.
 * Arguments go to vitest, and then only it runs: `npm test -- test/cluster`.
 *
 * The last line is `N passed, N failed`; a check that fails counts as one failed. The exit code is
 * that of the first failure. What the steps have started ends with them, and with us.
 */
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { BootstrapError, build, installDependencies, root } from './bootstrap.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Every process that a step starts inherits this variable, and is found again by it. */
const MARK = `CODIS_TEST_RUN=${process.pid}-${Date.now()}`;
/** A process whose test is over gets so long to end by itself. */
const LEFTOVER_GRACE_MS = graceMs(10_000);
/** An interrupted step gets so long to clean up. */
const INTERRUPT_GRACE_MS = graceMs(5_000);

const isColored = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (code, text) => (isColored ? `\x1b[${code}m${text}\x1b[0m` : text);
const bin = (name) => join(root, 'node_modules', '.bin', name);

const vitestArgs = process.argv.slice(2);
const report = join(mkdtempSync(join(tmpdir(), 'codis-test-report-')), 'vitest.json');
let passed = 0;
let failed = 0;
let exitCode = 0;
let running = null;
const groups = new Set();
let interrupted = null;

for (const signal of SIGNALS) process.on(signal, () => interrupt(signal));

const checks = [
  ['format and lint', () => program(bin('biome'), ['check', '.'])],
  ['types', () => npmScript('check:types')],
  ['import rules', () => npmScript('check:imports')],
  ['unused code', () => npmScript('check:unused')],
];
const preparations = [
  ['build', () => build(() => {})],
  ['servers for the tests', ensureServers],
];

try {
  await step('dependencies', () => installDependencies((line) => console.log(line)));
  // Without them nothing else can run.
  if (failed === 0) {
    for (const [title, work] of vitestArgs.length > 0 ? [] : checks) await step(title, work);
    const failedBefore = failed;
    for (const [title, work] of preparations) await step(title, work);
    if (failed === failedBefore) await step('tests', runVitest, countTests);
  }
} finally {
  await endLeftovers();
  rmSync(join(report, '..'), { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = exitCode;

/**
 * @param {() => Promise<number | void>} work resolves with an exit code, or rejects
 * @param {(code: number) => void} count what to do about the numbers; by default a failure is one
 */
async function step(title, work, count = countOne) {
  if (interrupted) return;
  const startedAt = Date.now();
  console.log(paint('1', `── ${title}`));
  let code = 0;
  try {
    code = (await work()) ?? 0;
  } catch (error) {
    console.error(error instanceof BootstrapError || error.hint ? plain(error) : error);
    code = 1;
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (interrupted) return;
  if (code !== 0 && exitCode === 0) exitCode = code;
  count(code);
  console.log(
    code === 0 ? paint('32', `   ok, ${seconds} s`) : paint('31', `   FAILED, ${seconds} s`),
  );
}

function plain(error) {
  return error.hint ? `${error.message}\n  ${error.hint}` : error.message;
}

function countOne(code) {
  if (code !== 0) failed++;
}

function countTests(code) {
  let counted;
  try {
    counted = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // It ended before it could write: the step as a whole has failed.
    return countOne(code || 1);
  }
  passed += counted.numPassedTests;
  failed += counted.numFailedTests;
  // A file that could not be loaded has no tests that could have failed.
  failed += counted.testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  if (code !== 0 && failed === 0) failed++;
}

async function ensureServers() {
  const programs = await import('../dist/scripts/local-cluster/programs.js');
  const { REDIS, REDIS_TOOLS, JAVA, ZOOKEEPER, PYTHON_REDIS, CHROMIUM } = programs;
  const all = [REDIS, REDIS_TOOLS, JAVA, ZOOKEEPER, PYTHON_REDIS, CHROMIUM];
  await programs.ensurePrograms(all, (line) => console.log(line));
  // Tests that need these are skipped without them, and say so.
  try {
    const { SPIN, COMPILER, MAKE, TCL } = programs;
    await programs.ensurePrograms([SPIN, COMPILER, MAKE, TCL], (line) => console.log(line));
  } catch (error) {
    if (!error.hint) throw error;
    console.warn(`${plain(error)}\n  tests that need it will be skipped`);
  }
  // Without these their tests fail, and no others.
  try {
    await programs.ensurePrograms([programs.CLIENT_LIBRARIES], (line) => console.log(line));
  } catch (error) {
    if (!error.hint) throw error;
    console.warn(plain(error));
  }
  // Its test looks for it again, and says why it is skipped.
  try {
    const { findNewerRedisPy } = await import('../dist/scripts/support/newer-redis-py.js');
    const signal = AbortSignal.timeout(120_000);
    await findNewerRedisPy((line) => console.log(line), signal);
  } catch (error) {
    if (!error.hint) throw error;
    console.warn(plain(error));
  }
}

function runVitest() {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return program(bin('vitest'), ['run', ...reporters, ...vitestArgs]);
}

/** As `npm run` would, without its banner. */
function npmScript(name) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  return program('/bin/sh', ['-c', scripts[name]], { PATH });
}

/** Resolves with its exit code. It and what it starts are a process group of their own. */
function program(path, args, more = {}) {
  return new Promise((resolve, reject) => {
    const [name, value] = MARK.split('=');
    const env = { ...process.env, ...more, [name]: value };
    // However we end, it does not go on without us.
    const lead = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM'] : [];
    const [first, ...rest] = [...lead, path, ...args];
    const stdio = ['ignore', 'inherit', 'inherit'];
    const child = spawn(first, rest, { cwd: root, env, stdio, detached: true });
    running = child;
    if (child.pid) groups.add(child.pid);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running = null;
      if (signal) console.error(`   ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
}

function interrupt(signal) {
  if (interrupted) return;
  interrupted = signal;
  exitCode = signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129;
  console.log(`\ninterrupted by ${signal}`);
  const group = running?.pid;
  if (group === undefined) return;
  killGroup(group, 'SIGTERM');
  setTimeout(() => killGroup(group, 'SIGKILL'), INTERRUPT_GRACE_MS).unref();
}

function killGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // All of it has ended.
  }
}

/** Tests end what they start; whatever slipped through is ended here, and told. */
async function endLeftovers() {
  const deadline = Date.now() + (interrupted ? INTERRUPT_GRACE_MS : LEFTOVER_GRACE_MS);
  while (leftovers().length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const pid of leftovers()) {
    console.error(`left behind, ended now: ${pid} ${nameOf(pid)}`);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended by itself in this moment.
    }
  }
}

/**
 * Found by the variable, or by the process group: a redis-server writes its title over its
 * environment. By /proc, so on Linux only; elsewhere killing the groups has to do.
 */
function leftovers() {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return false;
        if (groups.has(Number(group))) return true;
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(MARK);
      } catch {
        // Another user's, or gone.
        return false;
      }
    });
}

function nameOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** Shorter for the tests of this script, which have something to be waited for in vain. */
function graceMs(usual) {
  return Number(process.env.CODIS_TEST_GRACE_MS ?? usual);
}
