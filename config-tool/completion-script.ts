export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What may follow a command. */
export interface CommandWords {
  /** The words of the command after `codis-config`: `server add`; empty for the whole. */
  readonly path: string;
  readonly commands: readonly { word: string; description: string }[];
  readonly options: readonly {
    word: string;
    short: string | null;
    description: string;
    takesValue: boolean;
  }[];
  /** Values of its arguments that are known beforehand. */
  readonly choices: readonly string[];
}

/** The first one is that of the whole program, whose options every command has. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}

/** Options whose next word is their value, not a command. */
function optionsWithValue(commands: readonly CommandWords[]): string[] {
  const options = commands.flatMap((command) => command.options);
  const names = options.flatMap((option) =>
    option.takesValue ? [option.word, option.short ?? option.word] : [],
  );
  return [...new Set(names)].sort();
}

function candidates(command: CommandWords, commands: readonly CommandWords[]): string[] {
  const words = command.commands.map(({ word }) => word);
  const options = [...command.options, ...commands[0]!.options].map(({ word }) => word);
  return [...new Set([...words, ...command.choices, ...options, '--help'])];
}

/** Both shells: the words typed so far, less options and their values, are the command's path. */
function bashScript(commands: readonly CommandWords[]): string {
  const cases = commands.map(
    (command) => `    '${command.path}') words='${candidates(command, commands).join(' ')}' ;;`,
  );
  const paths = commands.map(({ path }) => `'${path}'`).join('|');
  return `# bash completion for codis-config
_codis_config() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' longer word words='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in
      ${optionsWithValue(commands).join('|')}) ((index++)); [[ \${COMP_WORDS[index]} == = ]] && ((index++)) ;;
      -*) ;;
      *)
        longer=\${path:+$path }$word
        case $longer in ${paths}) path=$longer ;; esac
        ;;
    esac
  done
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    -c|--config|-L|--log|--http-log)
      COMPREPLY=($(compgen -f -- "$current"))
      return
      ;;
  esac
  case $path in
${cases.join('\n')}
  esac
  [[ $current == -* ]] || words=$(printf '%s\\n' $words | grep -v '^-')
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _codis_config codis-config
`;
}

function zshScript(commands: readonly CommandWords[]): string {
  const cases = commands.map((command) => {
    const described = [
      ...command.commands.map(({ word, description }) => `${word}:${description}`),
      ...command.choices,
      ...[...command.options, ...commands[0]!.options].map(
        ({ word, description }) => `${word}:${description}`,
      ),
      '--help:show help',
    ];
    const unique = [...new Set(described)].map((entry) => quoted(entry.replaceAll('\\', '')));
    return `    ${quoted(command.path)}) candidates=(${unique.join(' ')}) ;;`;
  });
  const paths = commands.map(({ path }) => quoted(path)).join('|');
  return `#compdef codis-config
_codis_config() {
  local path_so_far='' longer word index
  local -a candidates
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    case $word in
      ${optionsWithValue(commands).join('|')}) ((index++)) ;;
      -*) ;;
      *)
        longer=\${path_so_far:+$path_so_far }$word
        case $longer in ${paths}) path_so_far=$longer ;; esac
        ;;
    esac
  done
  case $words[CURRENT-1] in
    -c|--config|-L|--log|--http-log) _files; return ;;
  esac
  case $path_so_far in
${cases.join('\n')}
  esac
  _describe 'codis-config' candidates
}
if [[ $funcstack[1] == _codis_config ]]; then _codis_config "$@"; else compdef _codis_config codis-config; fi
`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const lines = ['# fish completion for codis-config', 'complete -c codis-config -f'];
  for (const command of commands) {
    const condition = fishCondition(command);
    for (const { word, description } of command.commands) {
      lines.push(`complete -c codis-config -n ${condition} -a ${word} -d ${quoted(description)}`);
    }
    for (const choice of command.choices) {
      lines.push(`complete -c codis-config -n ${condition} -a ${choice}`);
    }
    for (const { word, short, description, takesValue } of command.options) {
      const names = [short, word]
        .filter((name) => name !== null)
        .map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
      const value = takesValue ? ' -r -F' : '';
      const where = command.path === '' ? '' : ` -n ${condition}`;
      const unique = [...new Set(names)].join(' ');
      lines.push(`complete -c codis-config${where} ${unique}${value} -d ${quoted(description)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** True for what follows this command and not yet one of its own commands. */
function fishCondition({ path, commands }: CommandWords): string {
  const conditions = path
    .split(' ')
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  if (path === '') conditions.push('__fish_use_subcommand');
  else if (commands.length > 0) {
    const words = commands.map(({ word }) => word).join(' ');
    conditions.push(`not __fish_seen_subcommand_from ${words}`);
  }
  return quoted(conditions.join('; and '));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
