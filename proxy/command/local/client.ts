import { ErrorReply, OK, type Reply, SimpleString, VerbatimText } from '../../../resp/encode.js';
import type { LocalContext } from '../local-context.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

const CLIENT_TYPES = ['normal', 'master', 'slave', 'replica', 'pubsub'];

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

export function clientInfo(request: LocalRequest): Reply {
  return new VerbatimText(describe(request.context, request.row.name));
}

/** CLIENT LIST [TYPE type] [ID id …]: of this proxy's clients only the one that asks. */
export function clientList(request: LocalRequest): Reply {
  const { context, argCount } = request;
  let isListed = true;
  if (argCount === 4 && request.isWord(2, 'type')) {
    const type = request.text(3).toLowerCase();
    if (!CLIENT_TYPES.includes(type)) {
      return new ErrorReply(`ERR Unknown client type '${request.text(3)}'`);
    }
    isListed = type === 'normal';
  } else if (argCount > 3 && request.isWord(2, 'id')) {
    const ids = Array.from({ length: argCount - 3 }, (_, n) => request.number(3 + n));
    if (ids.includes(null)) return new ErrorReply('ERR Invalid client ID');
    isListed = ids.includes(context.clientId);
  } else if (argCount !== 2) {
    return SYNTAX;
  }
  return new VerbatimText(isListed ? describe(context, request.row.name) : '');
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
    'LIST [options ...]',
    '    Return information about the current client connection.',
    'MAINT_NOTIFICATIONS (ON|OFF) [moving-endpoint-type <type>]',
    '    Ask to be told before the proxy closes the connection for maintenance.',
    'NO-EVICT (ON|OFF)',
    '    Protect current client connection from eviction.',
    'NO-TOUCH (ON|OFF)',
    '    Accepted, without effect on the servers.',
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

/** A line as Redis writes it in CLIENT LIST; what a proxy has no notion of is 0. */
function describe(context: LocalContext, command: string): string {
  const ageSeconds = Math.floor((Date.now() - context.connectedAtMs) / 1000);
  const flags = `${context.noEvict ? 'e' : ''}${context.noTouch ? 'T' : ''}` || 'N';
  const fields = {
    id: context.clientId,
    addr: context.remoteAddr,
    laddr: context.localAddr,
    fd: 0,
    name: context.clientName,
    age: ageSeconds,
    idle: 0,
    flags,
    db: 0,
    sub: 0,
    psub: 0,
    ssub: 0,
    multi: -1,
    qbuf: 0,
    'qbuf-free': 0,
    'argv-mem': 0,
    'multi-mem': 0,
    rbs: 0,
    rbp: 0,
    obl: 0,
    oll: 0,
    omem: 0,
    'tot-mem': 0,
    events: 'r',
    cmd: command,
    user: 'default',
    redir: -1,
    resp: context.protocol,
    'lib-name': context.libName,
    'lib-ver': context.libVersion,
  };
  const line = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return `${line.join(' ')}\n`;
}
