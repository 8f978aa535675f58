import { CommanderError } from 'commander';
import { messageOf, OperatorError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import type { Context } from './context.js';
import { everyCommand, makeProgram } from './program.js';

const FAILURE = 1;
const USAGE = 2;

/**
 * Runs `codis-config` with the arguments after its name. Sets the exit code: 0 done, 1 refused or
 * failed, 2 wrong usage. What went wrong is told in at most three lines on standard error.
 */
export async function run(argv: readonly string[]): Promise<void> {
  // `codis-config slot info | head -1`: whoever reads has had enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : FAILURE);
  });
  const { command, context } = makeProgram(VERSION);
  let complaint = '';
  for (const each of everyCommand(command)) {
    each.configureOutput({
      writeErr: (text) => {
        complaint += text;
      },
    });
  }
  try {
    await command.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // A noun without a verb: commander takes its help for an error, people ask for it that way.
      const stream = error.code === 'commander.help' ? process.stdout : process.stderr;
      stream.write(complaint);
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    process.exitCode = FAILURE;
    report(error, context);
  }
}

/** What happened and what to do about it; the log, if there is one, gets the stack. */
function report(error: unknown, context: Context): void {
  const message = firstLine(messageOf(error));
  const lines = [`codis-config: ${message}`];
  if (error instanceof OperatorError && error.hint) lines.push(`  ${firstLine(error.hint)}`);
  if (!(error instanceof OperatorError)) {
    lines.push('  this is a fault of codis-config; with -L <log_file> its stack is logged');
  }
  process.stderr.write(`${lines.join('\n')}\n`);
  try {
    context.openLog().error({ err: error }, message);
  } catch (cause) {
    process.stderr.write(`  cannot write the log: ${messageOf(cause)}\n`);
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
