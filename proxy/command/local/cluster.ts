import { ErrorReply, type Reply, SimpleString } from '../../../resp/encode.js';

const DISABLED = new ErrorReply('ERR This instance has cluster support disabled');

/** CLUSTER …, ASKING, READONLY, READWRITE: clients are to take the proxy for a single Redis. */
export function clusterDisabled(): Reply {
  return DISABLED;
}

export function clusterHelp(): Reply {
  return [
    'CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    'HELP',
    '    Print this help. To clients the proxy is a single Redis: there are no others.',
  ].map((line) => new SimpleString(line));
}
