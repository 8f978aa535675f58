import { Argument, Command } from 'commander';
import { type CommandWords, completionScript, SHELLS, type Shell } from '../completion-script.js';
import type { Context } from '../context.js';
import { example } from '../help.js';

/** @param program whose verbs are completed; asked when all of them are there. */
export function completionCommand(context: Context, program: Command): Command {
  return new Command('completion')
    .description('print a script that completes commands in your shell')
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(SHELLS))
    .addHelpText(
      'after',
      example(
        'completion bash > /etc/bash_completion.d/codis-config',
        'completion zsh > ~/.zfunc/_codis-config',
        'completion fish > ~/.config/fish/completions/codis-config.fish',
      ),
    )
    .action((shell: Shell) => {
      context.output.text(completionScript(shell, wordsOf(program, [])));
    });
}

/** The tree of commands as a list: what may follow each of them. */
function wordsOf(command: Command, path: readonly string[]): CommandWords[] {
  const own: CommandWords = {
    path: path.join(' '),
    commands: command.commands.map((each) => ({
      word: each.name(),
      description: each.description(),
    })),
    options: command.options.map((option) => ({
      word: option.long ?? option.short ?? '',
      short: option.short ?? null,
      description: option.description,
      takesValue: option.required,
    })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  return [own, ...command.commands.flatMap((each) => wordsOf(each, [...path, each.name()]))];
}
