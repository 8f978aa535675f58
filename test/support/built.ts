import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Before all tests: many of them start our programs as processes, which run from `dist`. If it
 * cannot be made anew, the errors are shown and the tests run on what is there.
 */
export function setup(): void {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'build.mjs');
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) console.error('the build failed: testing what was built before');
}
