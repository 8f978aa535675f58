import { wholeNumber } from '../../command/arguments.js';
import { SYNTAX_ERROR } from '../../command/errors.js';
import type { TrackingMode } from '../../command/local-context.js';
import { OperationError } from '../operation-error.js';

/** What CLIENT TRACKING ON asks for. */
export interface TrackingOptions {
  readonly mode: TrackingMode;
  readonly noLoop: boolean;
  /** The client that is told in place of the one that asks; 0: none. */
  readonly redirect: number;
  /** Byte strings. */
  readonly prefixes: readonly string[];
}

/** @returns null for OFF. @throws OperationError in Redis's words */
export function parseTracking(args: readonly Buffer[]): TrackingOptions | null {
  let redirect = 0;
  const words = new Set<string>();
  const prefixes: string[] = [];
  for (let index = 3; index < args.length; index++) {
    const word = args[index]!.toString('latin1').toLowerCase();
    const value = args[index + 1];
    if (word === 'redirect' && value !== undefined) {
      index++;
      if (redirect !== 0) {
        throw new OperationError('ERR A client can only redirect to a single other client');
      }
      const id = wholeNumber(value, 0, value.length);
      if (id === null) throw new OperationError('ERR value is not an integer or out of range');
      redirect = id;
    } else if (word === 'prefix' && value !== undefined) {
      index++;
      prefixes.push(value.toString('latin1'));
    } else if (['bcast', 'optin', 'optout', 'noloop'].includes(word)) {
      words.add(word);
    } else {
      throw new OperationError(SYNTAX_ERROR);
    }
  }
  const onOrOff = args[2]!.toString('latin1').toLowerCase();
  if (onOrOff === 'off') return null;
  if (onOrOff !== 'on') throw new OperationError(SYNTAX_ERROR);
  if (!words.has('bcast') && prefixes.length > 0) {
    throw new OperationError('ERR PREFIX option requires BCAST mode to be enabled');
  }
  if (words.has('bcast') && (words.has('optin') || words.has('optout'))) {
    throw new OperationError('ERR OPTIN and OPTOUT are not compatible with BCAST');
  }
  if (words.has('optin') && words.has('optout')) {
    throw new OperationError("ERR You can't specify both OPTIN mode and OPTOUT mode");
  }
  const mode = (['bcast', 'optin', 'optout'] as const).find((word) => words.has(word)) ?? 'all';
  return { mode, noLoop: words.has('noloop'), redirect, prefixes };
}

/** @throws OperationError if a client that tracks in one way cannot go on in the other */
export function checkChange(from: TrackingMode, to: TrackingMode): void {
  if ((from === 'bcast') !== (to === 'bcast')) {
    throw new OperationError(
      "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
    );
  }
  const modes = [from, to];
  if (modes.includes('optin') && modes.includes('optout')) {
    throw new OperationError(
      "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
    );
  }
}

/** @param known prefixes of the same client. @throws OperationError if one begins with another */
export function checkPrefixes(known: readonly string[], added: readonly string[]): void {
  for (const [index, prefix] of added.entries()) {
    const collision = known.find((each) => overlap(each, prefix));
    if (collision !== undefined) {
      throw new OperationError(overlapError(prefix, 'an existing', collision));
    }
    const other = added.slice(index + 1).find((each) => overlap(each, prefix));
    if (other !== undefined) {
      throw new OperationError(overlapError(prefix, 'another provided', other));
    }
  }
}

function overlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function overlapError(prefix: string, which: string, other: string): string {
  return `ERR Prefix '${prefix}' overlaps with ${which} prefix '${other}'. Prefixes for a single client must not overlap.`;
}

/** CLIENT TRACKING ON as a server is to be told it. @param redirect 0: to this connection */
export function trackingCommand(
  { mode, noLoop, prefixes }: TrackingOptions,
  redirect: number,
): readonly string[] {
  // The empty prefix is all of them, and does not go with others.
  const named = prefixes.includes('') ? [] : prefixes;
  return [
    ...['CLIENT', 'TRACKING', 'ON'],
    ...(mode === 'all' ? [] : [mode.toUpperCase()]),
    ...named.flatMap((prefix) => ['PREFIX', prefix]),
    ...(noLoop ? ['NOLOOP'] : []),
    ...(redirect === 0 ? [] : ['REDIRECT', String(redirect)]),
  ];
}
