import { type Plain, toPlain, type Value } from '../../../resp/decode.js';

/**
 * What became of a command:
 * - `answered`: it was executed, and this is the reply, which may be an error of Redis's own
 * - `refused`: it was not executed
 * - `unknown`: it may have been executed, or may be later
 */
export type Outcome =
  | { readonly type: 'answered'; readonly reply: Plain }
  | { readonly type: 'refused'; readonly error: string }
  | { readonly type: 'unknown'; readonly error: string };

/** When a command was sent and answered: milliseconds of `performance.now()`. */
export interface Times {
  readonly sent: number;
  readonly received: number;
}

const UNKNOWN = /whether the command was executed is unknown/;
/** The proxy's words, and those of a server that has just been started or demoted. */
const REFUSED =
  /^(EXECABORT Transaction discarded because of: )?(ERR slot \d+ |TRYAGAIN |LOADING |READONLY |MASTERDOWN )/;

/** @param value null: the connection ended, or the command was not answered in time */
export function outcomeOf(value: Value | null, reason: string): Outcome {
  if (value === null) return { type: 'unknown', error: reason };
  if (value.type === 'error') {
    const error = value.value;
    if (UNKNOWN.test(error)) return { type: 'unknown', error };
    if (REFUSED.test(error)) return { type: 'refused', error };
  }
  return { type: 'answered', reply: toPlain(value) };
}
