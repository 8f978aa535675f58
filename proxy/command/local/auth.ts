import { createHash, timingSafeEqual } from 'node:crypto';
import { ErrorReply, MapReply, OK, type Reply } from '../../../resp/encode.js';
import { byteString, equalsWord } from '../arguments.js';
import type { CommandRow } from '../command-row.js';
import { GENERATED_FROM_VERSION } from '../command-rows.generated.js';
import type { LocalContext } from '../local-context.js';
import { invalidClientName } from './client.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

const WRONGPASS = new ErrorReply('WRONGPASS invalid username-password pair or user is disabled.');
const DEFAULT_USER = 'default';
const NO_PASSWORD = new ErrorReply(
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
const NOAUTH_HELLO = new ErrorReply(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);
const NO_VERSION = new ErrorReply('ERR Protocol version is not an integer or out of range');
const NOPROTO = new ErrorReply('NOPROTO unsupported protocol version');

/** AUTH password, AUTH username password. Servers have been asked about a user that is not ours. */
export function auth(request: LocalRequest): Reply {
  const { context, argCount } = request;
  if (argCount > 3) return SYNTAX;
  if (argCount === 2 && context.password === '') return NO_PASSWORD;
  const user = argCount === 3 ? request.text(1) : DEFAULT_USER;
  return logIn(context, user, request.text(argCount - 1)) ? OK : WRONGPASS;
}

/**
 * The user and password that AUTH or HELLO gives, if the user is another than the proxy's own; byte
 * strings. Of several the last, as HELLO has it. Null for all else, also if its arguments are wrong.
 */
export function otherUser(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): readonly [name: string, password: string] | null {
  let at = row.name === 'auth' && argCount === 3 ? 1 : argCount;
  for (let index = 2; row.name === 'hello' && index < argCount - 2; index++) {
    if (equalsWord(bytes, argStarts[index]!, argEnds[index]!, 'auth')) {
      at = index + 1;
      index += 2;
    } else if (equalsWord(bytes, argStarts[index]!, argEnds[index]!, 'setname')) index++;
  }
  if (at + 1 >= argCount) return null;
  const name = byteString(bytes, argStarts[at]!, argEnds[at]!);
  if (name === DEFAULT_USER) return null;
  return [name, byteString(bytes, argStarts[at + 1]!, argEnds[at + 1]!)];
}

/** HELLO [protover [AUTH username password] [SETNAME clientname]] */
export function hello(request: LocalRequest): Reply {
  const { context, argCount } = request;
  let protocol = context.protocol;
  if (argCount >= 2) {
    const version = request.number(1);
    if (version === null) return NO_VERSION;
    if (version !== 2 && version !== 3) return NOPROTO;
    protocol = version;
  }
  let credentials: [user: string, password: string] | null = null;
  let name: string | null = null;
  for (let index = 2; index < argCount; index++) {
    const rest = argCount - index - 1;
    if (request.isWord(index, 'auth') && rest >= 2) {
      credentials = [request.text(index + 1), request.text(index + 2)];
      index += 2;
    } else if (request.isWord(index, 'setname') && rest >= 1) {
      name = request.text(++index);
      const error = invalidClientName(name);
      if (error) return error;
    } else {
      return new ErrorReply(`ERR Syntax error in HELLO option '${request.text(index)}'`);
    }
  }
  if (credentials && !logIn(context, ...credentials)) return WRONGPASS;
  if (!context.authenticated) return NOAUTH_HELLO;
  if (name !== null) context.clientName = name;
  context.protocol = protocol;
  context.subscriptions?.updateMode();
  return new MapReply([
    ['server', 'redis'],
    ['version', GENERATED_FROM_VERSION],
    ['proto', context.protocol],
    ['id', context.clientId],
    ['mode', 'standalone'],
    ['role', 'master'],
    ['modules', []],
  ]);
}

/** ACL WHOAMI */
export function aclWhoami({ context }: LocalRequest): Reply {
  return context.user;
}

/** @returns false for wrong credentials, which leave the client as it was. */
function logIn(context: LocalContext, user: string, password: string): boolean {
  // As Redis has it: without a password configured, any will do.
  const isOurs = context.password === '' || isPassword(context.password, password);
  if (user === DEFAULT_USER && !isOurs) return false;
  if (!context.becomeUser(user, password)) return false;
  context.authenticated = true;
  return true;
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
function isPassword(expected: string, given: string): boolean {
  return timingSafeEqual(
    createHash('sha256').update(expected, 'utf8').digest(),
    createHash('sha256').update(given, 'latin1').digest(),
  );
}
