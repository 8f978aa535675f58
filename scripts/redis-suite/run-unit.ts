import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { freePorts } from '../support/child-server.js';
import { TEST_PROGRAM } from './sources.js';
import { UnitOutput, type UnitResult } from './unit-output.js';
import { ENDLESS_TESTS, UNIT_ARGUMENTS } from './units.js';

const TCLSH = 'tclsh8.6';
/** The tests talk to their own server, which listens so many ports below the one it is given. */
const BASE_PORT_DISTANCE = 32;
/** A killed process group is gone after this. */
const KILL_MS = 200;

export interface UnitRun {
  readonly unit: string;
  readonly server: Address;
  /** Made by `copyTests`; no other run may use it at the same time. */
  readonly folder: string;
  /** A unit that finishes no test for so long is hung. */
  readonly silenceMs: number;
  readonly isDurable: boolean;
  /** Several servers stand behind the one that is named: some tests would never end. */
  readonly isSharded: boolean;
  readonly signal: AbortSignal;
}

/** Runs the tests of one unit against a server. Resolves however they end. */
export async function runUnit(run: UnitRun): Promise<UnitResult> {
  const startedAt = Date.now();
  const output = new UnitOutput();
  const end = await runTests(run, output);
  output.end();
  const ending =
    end !== null
      ? { name: `after ${output.passed.at(-1) ?? 'nothing'}`, reason: end }
      : (output.abort ??
        (output.isComplete ? null : { name: '(outside of a test)', reason: output.lastLine }));
  const seconds = (Date.now() - startedAt) / 1000;
  const reason = 'left out: it waits for ever where keys are on several servers';
  const failed = [...output.failed, ...endlessTests(run).map((name) => ({ name, reason }))];
  return { passed: output.passed, failed, ending, seconds };
}

function endlessTests({ unit, isSharded }: UnitRun): readonly string[] {
  return isSharded ? (ENDLESS_TESTS.get(unit) ?? []) : [];
}

/** @returns why it was ended before its time; null: it ended by itself. */
async function runTests(run: UnitRun, output: UnitOutput): Promise<string | null> {
  const { server, silenceMs } = run;
  const [port] = (await freePorts(1)) as [number];
  const child = spawn(
    TCLSH,
    [
      TEST_PROGRAM,
      ...['--host', server.host, '--port', String(server.port)],
      ...['--baseport', String(port + BASE_PORT_DISTANCE)],
      ...UNIT_ARGUMENTS,
      ...(run.isDurable ? ['--durable'] : []),
      ...endlessTests(run).flatMap((name) => ['--skiptest', name]),
      ...['--single', `unit/${run.unit}`],
    ],
    // A group of its own: the program that we start starts another, which runs the tests.
    { cwd: run.folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: environment() },
  );
  let reason: string | null = null;
  const kill = (why: string): void => {
    reason ??= why;
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  };
  const onAbort = (): void => kill('interrupted');
  const onExit = (): void => kill('');
  run.signal.addEventListener('abort', onAbort);
  process.once('exit', onExit);
  const hung = (): void => kill(`hung: no test has finished for ${silenceMs / 1000} s`);
  const timer = setTimeout(hung, silenceMs);
  const read = (chunk: Buffer): void => {
    timer.refresh();
    output.push(chunk.toString('latin1'));
  };
  child.stdout!.on('data', read);
  child.stderr!.on('data', read);
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      reason = `cannot run ${TCLSH}: ${messageOf(error)}`;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  await ended;
  // What it printed last is still on the way, and what it started may hold the pipe for ever.
  await Promise.race([new Promise((resolve) => child.once('close', resolve)), sleep(KILL_MS)]);
  clearTimeout(timer);
  run.signal.removeEventListener('abort', onAbort);
  process.off('exit', onExit);
  const endedEarly = reason;
  kill('');
  return endedEarly;
}

/** Without the terminal's colors. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
}
