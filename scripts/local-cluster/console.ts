import { messageOf, OperatorError } from '../../base/errors.js';
import { colors } from './colors.js';

const TITLE_WIDTH = 12;

/** What a person sees of the start: a line a step, each as soon as it is done. */
export class Console {
  readonly #isTerminal: boolean;
  #pending = '';

  constructor(isTerminal: boolean = process.stdout.isTTY === true) {
    this.#isTerminal = isTerminal;
  }

  line(text = ''): void {
    this.#clearPending();
    process.stdout.write(`${text}\n`);
  }

  /** Shows that a step is under way; on a terminal only, where the next line takes its place. */
  begin(title: string, detail: string): void {
    if (!this.#isTerminal) return;
    this.#clearPending();
    this.#pending = `  ${colors.yellow('…')} ${title.padEnd(TITLE_WIDTH)} ${colors.dim(detail)}`;
    process.stdout.write(this.#pending);
  }

  done(title: string, detail: string): void {
    this.line(`  ${colors.green('✓')} ${title.padEnd(TITLE_WIDTH)} ${detail}`);
  }

  /** Something worth a look that does not stop anything. */
  note(text: string): void {
    this.line(`  ${colors.yellow('!')} ${text}`);
  }

  fail(error: unknown): void {
    this.#clearPending();
    if (!(error instanceof OperatorError)) {
      process.stderr.write(`${error instanceof Error ? error.stack : messageOf(error)}\n`);
      return;
    }
    process.stderr.write(`${colors.red('✗')} ${error.message}\n`);
    for (const line of error.hint.split('\n').filter(Boolean)) {
      process.stderr.write(`  ${colors.dim(line)}\n`);
    }
  }

  #clearPending(): void {
    if (this.#pending === '') return;
    process.stdout.write('\r\x1b[2K');
    this.#pending = '';
  }
}
