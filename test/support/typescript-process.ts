import { fileURLToPath } from 'node:url';
import { TestProcess } from './process.js';

const HOOKS = new URL('./typescript-hooks.mjs', import.meta.url);

/** Runs a TypeScript file of the tests in a Node process of its own. */
export function startTypeScript(file: URL, args: readonly string[]): TestProcess {
  return new TestProcess(process.execPath, ['--import', HOOKS.href, fileURLToPath(file), ...args]);
}
