import { join } from 'node:path';
import { TestProcess } from '../support/process.js';

export const BIN = join(import.meta.dirname, '..', '..', 'bin', 'codis-config');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `codis-config` to its end, its output going to pipes. */
export async function codisConfig(
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<Outcome> {
  const tool = new TestProcess(process.execPath, [BIN, ...args], options);
  const { code } = await tool.exited;
  return { code, stdout: tool.stdout, stderr: tool.stderr };
}

/**
 * The same on a terminal, made by script(1): what a person sees, without the colours.
 *
 * @param typed what the person types, before it is asked for.
 */
export async function codisConfigOnTerminal(
  args: readonly string[],
  typed?: string,
): Promise<Outcome> {
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
  const script = `script -qec "${command}" /dev/null`;
  const tool = new TestProcess('sh', [
    ...['-c', typed === undefined ? script : `printf '${typed}' | ${script}`],
  ]);
  const { code } = await tool.exited;
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[a-zA-Z]`, 'g');
  const stdout = tool.stdout.replaceAll('\r\n', '\n').replaceAll(escapes, '');
  return { code, stdout, stderr: tool.stderr };
}
