import { byteString } from './arguments.js';

/**
 * Redis's own words for commands it does not accept, as byte strings (one character a byte) for
 * `encodeError`, without the line's end. Clients compare them.
 */

export const NOAUTH_ERROR = 'NOAUTH Authentication required.';
export const CROSSSLOT_ERROR = "CROSSSLOT Keys in request don't hash to the same slot";
export const SYNTAX_ERROR = 'ERR syntax error';
export const DB_INDEX_ERROR = 'ERR DB index is out of range';
/** Of a Redis Cluster, where the command is known and its keys cannot be in two databases. */
export const COPY_DB_ERROR = 'ERR Copying to another database is not allowed in cluster mode';

// processCommand prints names with %.128s, and stops adding arguments at 128 characters.
const MOST_SHOWN = 128;

/** @returns `ERR unknown command 'x', with args beginning with: 'a' 'b' ` */
export function unknownCommandError(
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): string {
  let args = '';
  for (let index = 1; index < argCount && args.length < MOST_SHOWN; index++) {
    const start = argStarts[index]!;
    args += `'${shown(bytes, start, argEnds[index]!, MOST_SHOWN - args.length)}' `;
  }
  const name = shown(bytes, argStarts[0]!, argEnds[0]!, MOST_SHOWN);
  return `ERR unknown command '${name}', with args beginning with: ${args}`;
}

/** @param container the container's name, such as `client`. */
export function unknownSubcommandError(
  container: string,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
): string {
  const name = shown(bytes, argStarts[1]!, argEnds[1]!, MOST_SHOWN);
  return `ERR unknown subcommand '${name}'. Try ${container.toUpperCase()} HELP.`;
}

/** @param name a row's name, `client|getname` for a subcommand. */
export function wrongArityError(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

/** As C prints it: up to a zero byte. Line ends become spaces when the error is encoded. */
function shown(bytes: Uint8Array, start: number, end: number, most: number): string {
  const text = byteString(bytes, start, Math.min(end, start + most));
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}
