import { join } from 'node:path';

// These files run compiled, from dist/scripts, and in tests as they are.
const { dirname } = import.meta;
const ROOT = join(dirname, dirname.includes('/dist/scripts/') ? '../../..' : '../..');

/** Where what was downloaded stays; git does not look at it. */
export function cacheFolder(name: string): string {
  return join(ROOT, '.cache', name);
}
