import { stripVTControlCharacters } from 'node:util';

/** A test that failed, or what ended a unit early. */
export interface Failure {
  readonly name: string;
  /** The first line of the error. */
  readonly reason: string;
}

/** What a unit's tests came to. */
export interface UnitResult {
  /** The names of the tests that passed; one name may be there several times. */
  readonly passed: readonly string[];
  readonly failed: readonly Failure[];
  /** Why the tests after that were not run; null: all of them were. */
  readonly ending: Failure | null;
  readonly seconds: number;
}

/** Reads what Redis's test_helper.tcl prints. */
export class UnitOutput {
  readonly passed: string[] = [];
  readonly failed: Failure[] = [];
  /** An error that is none of a test's assertions: it ends the unit. */
  abort: Failure | null = null;
  /** Said at the end; without it the unit did not get there. */
  isComplete = false;
  lastLine = 'ended without a word';
  #rest = '';
  /** The lines of an error come after its first. */
  #open: { readonly kind: 'err' | 'exception'; readonly lines: string[] } | null = null;

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#readLine(stripVTControlCharacters(line));
  }

  /** To be called when the program has ended. */
  end(): void {
    this.push('\n');
    this.#closeError();
  }

  #readLine(line: string): void {
    if (line.trim() !== '') this.lastLine = line.trim();
    const [, status, text] = /^\[([a-z]+|\d+\/\d+ done)\]: (.*)$/.exec(line) ?? [];
    if (status === undefined) {
      if (/^(Killing still running|\s+The End)/.test(line)) this.#closeError();
      else this.#open?.lines.push(line);
      return;
    }
    this.#closeError();
    if (status === 'ok') this.passed.push(text!.replace(/ \(\d+ ms\)$/, ''));
    else if (status.endsWith('done')) this.isComplete = true;
    else if (status === 'err' || status === 'exception') {
      this.#open = { kind: status, lines: [text!] };
    }
  }

  #closeError(): void {
    if (!this.#open) return;
    const { kind, lines } = this.#open;
    this.#open = null;
    if (kind === 'err') this.failed.push(readError(lines));
    else this.abort = readException(lines);
  }
}

/** `name in tests/unit/x.tcl`, what was wrong; or in one line, if the name has no file. */
function readError(lines: readonly string[]): Failure {
  const [, name, rest = ''] = /^(.*?) in tests\/\S+\.tcl(.*)$/.exec(lines[0]!) ?? [];
  if (name === undefined) return { name: lines[0]!, reason: '' };
  const [, reason = '', whole = ''] = lines;
  // Of an error that is not an assertion it shows the end first, then the whole of it.
  return { name, reason: rest.trim() || (whole.endsWith(reason) ? whole : reason) || reason };
}

/** `Executing test client: what was wrong.`, then Tcl's stack with the code of the test. */
function readException(lines: readonly string[]): Failure {
  const reason = lines[0]!.replace(/^Executing test client: /, '').replace(/\.$/, '');
  const test = lines.map((line) => /^"?test (\{([^}]*)\}|"([^"]*)")/.exec(line)).find(Boolean);
  return { name: test?.[2] ?? test?.[3] ?? '(outside of a test)', reason };
}
