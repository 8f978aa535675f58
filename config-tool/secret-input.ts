import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { OperatorError } from '../base/errors.js';

/** Long enough not to be guessed at ten tries a minute, and no rule that makes people write it down. */
const MIN_LENGTH = 8;

/**
 * A new password: asked for twice at the terminal, without showing it; else the first line of the
 * standard input.
 *
 * @throws OperatorError if it is too short, or the two differ
 */
export async function readNewPassword(name: string): Promise<string> {
  const isAsked = process.stdin.isTTY === true;
  const password = isAsked ? await ask(`password of ${name}: `) : await firstLine();
  if (password.length < MIN_LENGTH) {
    throw new OperatorError(`the password is shorter than ${MIN_LENGTH} characters`, {
      hint: 'choose a longer one; a few words are as good as signs',
    });
  }
  if (isAsked && (await ask('again: ')) !== password) {
    throw new OperatorError('the two are not the same');
  }
  return password;
}

async function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    return await Promise.race([terminal.question(''), closed]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
