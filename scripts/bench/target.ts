import type { Address } from '../../base/address.js';
import { parseAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';

/** Something that answers Redis commands and is to be measured. */
export interface Target {
  readonly name: string;
  readonly address: Address;
  /** The process whose processor time and memory count as the target's; null: not known. */
  readonly pid: number | null;
}

/**
 * Reads `name=host:port` or `name=host:port#pid`.
 *
 * @throws OperatorError if it is neither.
 */
export function parseTarget(text: string): Target {
  const match = /^([^=]+)=([^#]+)(?:#(\d+))?$/.exec(text);
  if (!match) {
    throw new OperatorError(`--target: "${text}" is not a target`, {
      hint: 'write name=host:port, or name=host:port#pid to have its processor time counted',
    });
  }
  return {
    name: match[1]!,
    address: parseAddress(match[2]!, '--target'),
    pid: match[3] === undefined ? null : Number(match[3]),
  };
}
