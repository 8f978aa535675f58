import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../base/errors.js';
import { COMPILER, ensurePrograms, MAKE } from './programs.js';

const SHOWN_LINES = 6;
// Two runs that build into one folder at once would take each other's half-written files.
const LOCK = '/usr/bin/flock';

/**
 * Builds the module with the SLOTS* commands, if its sources are newer than what was built; gets
 * the compiler first where that can be done without asking.
 *
 * @param say told before something is installed
 * @returns the absolute path of codis_slots.so
 * @throws OperatorError naming what is missing, or with what the compiler said
 */
export async function buildModule(
  projectFolder: string,
  say: (line: string) => void,
): Promise<string> {
  await ensurePrograms([COMPILER, MAKE], say);
  const folder = join(projectFolder, 'server-patch');
  const make = ['make', '--silent', '-C', folder];
  const [program, ...args] = existsSync(LOCK) ? [LOCK, folder, ...make] : make;
  const { code, output } = await run(program!, args);
  if (code !== 0) {
    throw new OperatorError('codis_slots.so could not be built', {
      hint: output.trim().split('\n').slice(-SHOWN_LINES).join('\n'),
    });
  }
  const file = join(folder, 'codis_slots.so');
  try {
    // Redis >= 7 loads no module without this right.
    accessSync(file, constants.X_OK);
  } catch (cause) {
    throw new OperatorError(`${file} is not executable`, {
      hint: 'move the project to a file system where programs may run (no noexec)',
      cause,
    });
  }
  return file;
}

function run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
