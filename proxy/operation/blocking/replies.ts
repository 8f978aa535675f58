import type { Server } from '../../backend/server.js';

/** What a command that has waited in vain is answered, by protocol. */
export const NOTHING = { 2: Buffer.from('*-1\r\n'), 3: Buffer.from('_\r\n') } as const;

const NULLS = ['*-1\r\n', '_\r\n', '$-1\r\n'];
/** Of a server that cannot serve now and may soon, or of a slot that is on the move. */
const PASSING = /^-(TRYAGAIN|READONLY|LOADING|MASTERDOWN) /;
const LONGEST_CODE = 12;
const WRONG_TYPE = '-WRONGTYPE ';
const UNBLOCKED = /^-UNBLOCKED (client|force) /;
const LONGEST_UNBLOCKED = 20;

export function isNothing(frame: Buffer): boolean {
  return frame.length <= 5 && NULLS.includes(frame.toString('latin1'));
}

/** An error that says that nothing was done and that it may be tried again. */
export function isWorthWaitingFor(frame: Buffer): boolean {
  return PASSING.test(frame.toString('latin1', 0, LONGEST_CODE));
}

export function isWrongType(frame: Buffer): boolean {
  return frame.toString('latin1', 0, WRONG_TYPE.length) === WRONG_TYPE;
}

/**
 * The server has answered a command that waited before its time, without having taken anything: it
 * was asked to, or is no master any more. (A stream that is gone is an answer like another.)
 */
export function isUnblocked(frame: Buffer): boolean {
  return UNBLOCKED.test(frame.toString('latin1', 0, LONGEST_UNBLOCKED));
}

export function serverError(server: Server, what: string): Buffer {
  const text = `ERR group ${server.groupId}: server ${server.addr} ${what}`;
  return Buffer.from(`-${text.replaceAll(/[\r\n]+/g, ' ')}\r\n`, 'latin1');
}
