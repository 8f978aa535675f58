import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../scripts/local-cluster/programs.js';
import { TestProcess, temporaryFolder } from '../support/process.js';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
export type Model = 'handoff' | 'handoff-failover';

/** Switches and bounds of the model: `{ BREAK_I2: 1, COMMANDS: 2 }`. */
export type Definitions = Readonly<Record<string, string | number>>;

export interface Verdict {
  /** The assertion that does not hold, `invalid end state` and the like, or null if all is well. */
  readonly violated: string | null;
  /** States that were visited. */
  readonly states: number;
  /** Was every state visited that there is? False after a violation, which ends the search. */
  readonly isExhaustive: boolean;
  /** Everything that the checker printed. */
  readonly output: string;
}

/** What is missing to check the model; empty if nothing is. */
export function missingPrograms(): string[] {
  const missing = ['spin', 'gcc'].filter((name) => findProgram(name) === null);
  const hasHeaders = existsSync('/usr/include/stdio.h');
  return hasHeaders ? missing : [...missing, 'the C headers'];
}

/**
 * Generates, compiles and runs a checker for the model.
 *
 * @param look `everywhere`: optimized, for large searches; `until found`: compiled in no time;
 *   `along runs`: for the temporal property, where everything is searched, too
 * @throws Error with what a program said that failed
 */
export async function check(
  definitions: Definitions,
  look: 'everywhere' | 'until found' | 'along runs',
  model: Model = 'handoff',
): Promise<Verdict> {
  const folder = temporaryFolder();
  const file = `${model}.pml`;
  copyFileSync(join(DOCS, file), join(folder, file));
  const switches = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`);
  const isLiveness = look === 'along runs';
  await run(folder, 'spin', [...switches, ...(isLiveness ? ['-DLIVENESS'] : []), '-a', file]);
  // All of the model is in shared variables: partial-order reduction finds nothing to leave out.
  const options = isLiveness
    ? ['-O2']
    : ['-DSAFETY', '-DNOREDUCE', look === 'everywhere' ? '-O2' : '-O0'];
  await run(folder, 'gcc', ['-w', ...options, '-DMEMLIM=2000', '-o', 'pan', 'pan.c']);
  const table = look === 'until found' ? '-w20' : '-w23';
  const output = await run(folder, './pan', ['-m10000', table, ...(isLiveness ? ['-a'] : [])]);
  return verdictOf(output);
}

async function run(folder: string, program: string, args: readonly string[]): Promise<string> {
  const running = new TestProcess(program, args, { cwd: folder });
  const { code, signal } = await running.exited;
  const output = running.stdout + running.stderr;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${signal ?? code}\n${output}`);
  return output;
}

function verdictOf(output: string): Verdict {
  const errors = /errors: (\d+)/.exec(output)?.[1];
  const states = /^\s*(\d+) states, stored/m.exec(output)?.[1];
  if (errors === undefined || states === undefined) throw new Error(`not a report:\n${output}`);
  const [, said] = /^pan:\d+: (.+?) \(at depth/m.exec(output) ?? [];
  const violated = said?.replace(/^assertion violated /, '') ?? null;
  if ((errors !== '0') !== (violated !== null)) throw new Error(`not understood:\n${output}`);
  const isCutShort = /max search depth too small|Search not completed|out of memory/.test(output);
  return {
    violated,
    states: Number(states),
    isExhaustive: violated === null && !isCutShort,
    output,
  };
}
