import { type Reply, SimpleString } from '../../../resp/encode.js';

export function configHelp(): Reply {
  return [
    'CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    'GET <pattern>',
    '    Return parameters matching the glob-like <pattern> and their values.',
    'SET <directive> <value>',
    '    Set the configuration <directive> to <value> on every master.',
    'RESETSTAT',
    '    Reset statistics reported by the INFO command, on every master.',
    'REWRITE',
    '    Rewrite the configuration file of every master.',
    'HELP',
    '    Print this help.',
  ].map((line) => new SimpleString(line));
}
