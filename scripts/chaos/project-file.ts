import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** From the sources and compiled: the folder above us that has the file. */
export function projectFile(path: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, path);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) throw new Error(`${path} is missing`);
  }
}
