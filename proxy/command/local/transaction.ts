import { ErrorReply, OK, type Reply } from '../../../resp/encode.js';
import { TransactionMode } from '../transaction/transaction-mode.js';
import type { LocalRequest } from './local-request.js';

/** MULTI */
export function multi({ context }: LocalRequest): Reply {
  context.mode = new TransactionMode(context, null);
  return OK;
}

/** DISCARD outside of a transaction. */
export function discard(): Reply {
  return new ErrorReply('ERR DISCARD without MULTI');
}

/** UNWATCH where nothing is watched. */
export function unwatch(): Reply {
  return OK;
}
