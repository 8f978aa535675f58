import { ErrorReply, OK, type Reply, SimpleString } from '../../../resp/encode.js';
import { DB_INDEX_ERROR } from '../errors.js';
import type { LocalRequest } from './local-request.js';

const PONG = new SimpleString('PONG');
const RESET = new SimpleString('RESET');

/** PING [message] */
export function ping(request: LocalRequest): Reply {
  if (request.argCount > 2) return request.wrongArity();
  return request.argCount === 2 ? request.text(1) : PONG;
}

/** ECHO message */
export function echo(request: LocalRequest): Reply {
  return request.text(1);
}

/** SELECT index */
export function select(request: LocalRequest): Reply {
  const { context } = request;
  const index = request.number(1);
  if (index === null) return new ErrorReply('ERR value is not an integer or out of range');
  if (index < 0 || index >= context.databases) return new ErrorReply(DB_INDEX_ERROR);
  context.database = index;
  return OK;
}

/** QUIT: what was sent before is answered, then the connection is closed. */
export function quit(request: LocalRequest): Reply {
  request.context.closeAfterReply();
  return OK;
}

/** RESET: the connection as it was when it was accepted, except for the library's name. */
export function reset({ context }: LocalRequest): Reply {
  context.mode?.end();
  context.subscriptions?.end();
  context.tracking?.end();
  context.tracking = null;
  context.isNextMarked = false;
  context.endMonitoring();
  context.mode = null;
  context.clientName = '';
  context.noEvict = false;
  context.noTouch = false;
  context.readsReplicas = true;
  context.protocol = 2;
  context.database = 0;
  context.becomeUser('default', '');
  context.authenticated = context.password === '';
  return RESET;
}

/** ROLE: replicas belong to groups, which clients do not see. */
export function role(): Reply {
  return ['master', 0, []];
}

/** TIME: Unix time in seconds, and microseconds of the running second. */
export function time(): Reply {
  const nowMs = performance.timeOrigin + performance.now();
  const seconds = Math.floor(nowMs / 1000);
  return [String(seconds), String(Math.floor((nowMs - seconds * 1000) * 1000))];
}
