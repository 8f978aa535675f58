import { ErrorReply, OK, type Reply, SimpleString } from '../../../resp/encode.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

const REPLY_MODES = ['on', 'off', 'skip'] as const;

export function clientId({ context }: LocalRequest): Reply {
  return context.clientId;
}

/** CLIENT GETNAME: null if no name was set. */
export function clientGetName({ context }: LocalRequest): Reply {
  return context.clientName || null;
}

/** CLIENT SETNAME name; the empty name takes it away. */
export function clientSetName(request: LocalRequest): Reply {
  const name = request.text(2);
  const error = invalidClientName(name);
  if (error) return error;
  request.context.clientName = name;
  return OK;
}

/** CLIENT SETINFO LIB-NAME|LIB-VER value */
export function clientSetInfo(request: LocalRequest): Reply {
  const isName = request.isWord(2, 'lib-name');
  if (!isName && !request.isWord(2, 'lib-ver')) {
    return new ErrorReply(`ERR Unrecognized option '${request.text(2)}'`);
  }
  const value = request.text(3);
  if (!isPrintable(value)) {
    const what = isName ? 'lib-name' : 'lib-ver';
    return new ErrorReply(`ERR ${what} cannot contain spaces, newlines or special characters.`);
  }
  if (isName) request.context.libName = value;
  else request.context.libVersion = value;
  return OK;
}

/** CLIENT REPLY ON|OFF|SKIP */
export function clientReply(request: LocalRequest): Reply {
  const mode = REPLY_MODES.find((word) => request.isWord(2, word));
  if (mode === undefined) return SYNTAX;
  request.context.setReplies(mode);
  return OK;
}

/** CLIENT NO-EVICT ON|OFF: noted; the proxy evicts nobody for memory. */
export function clientNoEvict(request: LocalRequest): Reply {
  const value = onOrOff(request);
  if (value === null) return SYNTAX;
  request.context.noEvict = value;
  return OK;
}

/** CLIENT NO-TOUCH ON|OFF: noted; it does not reach the servers, whose connections are shared. */
export function clientNoTouch(request: LocalRequest): Reply {
  const value = onOrOff(request);
  if (value === null) return SYNTAX;
  request.context.noTouch = value;
  return OK;
}

export function clientHelp(): Reply {
  return [
    'CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    'GETNAME',
    '    Return the name of the current connection.',
    'ID',
    '    Return the ID of the current connection.',
    'INFO',
    '    Return information about the current client connection.',
    'GETREDIR',
    '    Return the client ID we are redirecting to when tracking is enabled.',
    'KILL <ip:port> | KILL <option> <value> [<option> <value> [...]]',
    '    Kill connections of this proxy. Options: ADDR, LADDR, TYPE, USER, ID, MAXAGE, SKIPME.',
    'LIST [options ...]',
    '    Return information about the client connections of this proxy.',
    'MAINT_NOTIFICATIONS (ON|OFF) [moving-endpoint-type <type>]',
    '    Ask to be told before the proxy closes the connection for maintenance.',
    'NO-EVICT (ON|OFF)',
    '    Protect current client connection from eviction.',
    'NO-TOUCH (ON|OFF)',
    '    Accepted, without effect on the servers.',
    'REPLY (ON|OFF|SKIP)',
    '    Control the replies sent to the current connection.',
    'SETINFO <option> <value>',
    '    Set client meta attr: LIB-NAME or LIB-VER.',
    'SETNAME <name>',
    '    Assign the name <name> to the current connection.',
    'HELP',
    '    Print this help.',
  ].map((line) => new SimpleString(line));
}

/** The error for a name that would break CLIENT LIST's lines; null: it is well. */
export function invalidClientName(name: string): ErrorReply | null {
  return isPrintable(name)
    ? null
    : new ErrorReply('ERR Client names cannot contain spaces, newlines or special characters.');
}

function isPrintable(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

function onOrOff(request: LocalRequest): boolean | null {
  if (request.isWord(2, 'on')) return true;
  return request.isWord(2, 'off') ? false : null;
}
