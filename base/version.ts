import { readFileSync } from 'node:fs';

/** The version in our package.json, for `--version`, `/debug/vars` and the like. */
export const VERSION = readVersion();

function readVersion(): string {
  // Two places: this file is run from the sources (in tests) and from dist/.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (isOurs(found)) return found.version;
    } catch {
      // Not there: the other place has it.
    }
  }
  return 'unknown';
}

function isOurs(found: unknown): found is { version: string } {
  if (typeof found !== 'object' || found === null) return false;
  return 'name' in found && found.name === 'codis-ts' && 'version' in found;
}
