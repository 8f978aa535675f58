import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { messageOf, OperatorError } from '../base/errors.js';

/**
 * Sets a key of a config.ini in its place, or adds it at the end; all else stays as it is. Whoever
 * reads the file meanwhile sees the former or the new one.
 *
 * @throws OperatorError if the file cannot be read or written
 */
export function setConfigLine(file: string, key: string, value: string): void {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const isIt = (line: string) => line.split('=')[0]?.trim() === key;
    const at = lines.findIndex(isIt);
    if (at >= 0) lines[at] = `${key}=${value}`;
    else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, `${key}=${value}`);
    const temporary = `${file}.${process.pid}.new`;
    // It has secrets: nobody may read more of it than before.
    writeFileSync(temporary, lines.join('\n'), { mode: statSync(file).mode & 0o777, flag: 'wx' });
    renameSync(temporary, file);
  } catch (cause) {
    throw new OperatorError(`${file} cannot be changed: ${messageOf(cause)}`, {
      hint: 'put the line into it yourself: leave out --write to have it printed',
      cause,
    });
  }
}
