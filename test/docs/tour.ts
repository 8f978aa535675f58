import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROJECT = join(import.meta.dirname, '..', '..');

/** Back to the beginning of the line, and erase it. */
const ERASED_LINE = '\r\u001b[2K';

/** A block of shell commands, and the lines of output that the document shows for it. */
export interface Step {
  readonly script: string;
  readonly expected: readonly string[];
}

/** The `sh` blocks below a heading of README.md, each with the `text` block after it if any. */
export function stepsOfReadme(heading: string): Step[] {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const section = readme.split(/^(?=## )/m).find((part) => part.startsWith(`## ${heading}\n`));
  if (section === undefined) throw new Error(`README.md has no section ${heading}`);
  const steps: { script: string; expected: string[] }[] = [];
  for (const [, language, text] of section.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    if (language === 'sh') steps.push({ script: text!, expected: [] });
    else steps.at(-1)!.expected.push(...text!.trimEnd().split('\n'));
  }
  return steps;
}

/**
 * The first of the expected lines that is not in the output, in their order; null: all are. Spaces
 * count as one, and `…` stands for whatever is there.
 */
export function missingLine(expected: readonly string[], output: string): string | null {
  // What a progress bar wrote is gone from the screen when the next line is written over it.
  const lines = output.replaceAll(ERASED_LINE, '\n').split('\n').map(plain);
  let from = 0;
  for (const line of expected) {
    const parts = plain(line).split('…').map(escapeForRegExp);
    const pattern = new RegExp(`^${parts.join('.+')}$`);
    const at = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate));
    if (at < 0) return line;
    from = at + 1;
  }
  return null;
}

function plain(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[^\w\s]/g, '\\$&');
}
