import { ErrorReply, OK, type Reply, SimpleString } from '../../../resp/encode.js';
import type { LocalContext } from '../local-context.js';
import type { LocalRequest } from './local-request.js';

const DISABLED = new ErrorReply('ERR This instance has cluster support disabled');

/** CLUSTER …, ASKING: clients are to take the proxy for a single Redis. */
export function clusterDisabled(): Reply {
  return DISABLED;
}

/** READONLY: the client's reads may go to replicas, as they may from the beginning. */
export function readOnly({ context }: LocalRequest): Reply {
  return chooseReplicas(context, true);
}

/** READWRITE: the client is to read what it has written, so all goes to masters. */
export function readWrite({ context }: LocalRequest): Reply {
  return chooseReplicas(context, false);
}

function chooseReplicas(context: LocalContext, readsReplicas: boolean): Reply {
  if (context.readsReplicas === null) return DISABLED;
  context.readsReplicas = readsReplicas;
  return OK;
}

export function clusterHelp(): Reply {
  return [
    'CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    'HELP',
    '    Print this help. To clients the proxy is a single Redis: there are no others.',
  ].map((line) => new SimpleString(line));
}
