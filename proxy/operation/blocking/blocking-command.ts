import { slotOf } from '../../../cluster/slot-hash.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import { keysOfCommand } from '../../command/keys-of-command.js';
import type { OperationCall } from '../operation.js';

/** Commands whose keys may be anywhere: job queues wait at several lists at once. */
const ANYWHERE: ReadonlySet<string> = new Set([
  ...['blpop', 'brpop', 'bzpopmin', 'bzpopmax', 'blmpop', 'bzmpop'],
]);

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^-?\d{1,15}$/;

/** Where the timeout stands among the arguments, and what it counts. */
interface TimeoutPlace {
  readonly index: number;
  readonly unit: 'seconds' | 'milliseconds';
}

/** A command that may have to wait, and what has to be known to issue it again. */
export class BlockingCommand {
  readonly name: string;
  /** Byte strings, in the order in which the command looks at them, each once. */
  readonly keys: readonly string[];
  readonly slotIds: readonly number[];
  /** How long the client wants to wait; 0: as long as it takes; null: a server refuses it. */
  readonly timeoutMs: number | null;
  readonly isReadOnly: boolean;
  readonly mayBeAnywhere: boolean;
  readonly #args: readonly string[];
  readonly #timeout: TimeoutPlace | null;

  /** @param args byte strings: the call's, or those to be used in their place */
  constructor(call: OperationCall, args: readonly string[]) {
    const { row, bytes } = call;
    this.name = row.name;
    this.isReadOnly = row.isReadOnly;
    this.mayBeAnywhere = ANYWHERE.has(row.name);
    this.keys = keysOfCommand(row, bytes, 0, bytes.length);
    this.slotIds = [...new Set(this.keys.map(slotOfByteString))];
    this.#args = args;
    this.#timeout = timeoutPlace(row.name, args);
    this.timeoutMs = this.#timeoutMs();
  }

  /** Redis finds words for arguments that cannot be read; then there is nothing to wait for. */
  get isMalformed(): boolean {
    return this.keys.length === 0 || this.timeoutMs === null;
  }

  /** As the client sent it. */
  get original(): Buffer {
    return encodeMultibulk(this.#args);
  }

  /**
   * The command to be issued again, or for a part of its keys.
   *
   * @param keys all of them or, for those that may be anywhere, some
   * @param timeoutMs Infinity: as long as it takes
   */
  rewritten(keys: readonly string[], timeoutMs: number): Buffer {
    const { index, unit } = this.#timeout!;
    const args = [...this.#args];
    args[index] = timeoutText(timeoutMs, unit);
    if (keys.length === this.keys.length || !this.mayBeAnywhere) return encodeMultibulk(args);
    if (index === 1) {
      const numkeys = Number(args[2]);
      const options = args.slice(3 + numkeys);
      return encodeMultibulk([args[0]!, args[1]!, String(keys.length), ...keys, ...options]);
    }
    return encodeMultibulk([args[0]!, ...keys, args[index]!]);
  }

  #timeoutMs(): number | null {
    if (this.#timeout === null) return null;
    const { index, unit } = this.#timeout;
    const text = this.#args[index] ?? '';
    const isNumber = unit === 'seconds' ? FLOAT.test(text) : WHOLE.test(text);
    const timeoutMs = Number(text) * (unit === 'seconds' ? 1000 : 1);
    // As many years as Redis lets pass: beyond, it has an error for it.
    return isNumber && timeoutMs >= 0 && timeoutMs < 2 ** 52 ? timeoutMs : null;
  }
}

/** The slot of a key given as a byte string. */
export function slotOfByteString(key: string): number {
  return slotOf(Buffer.from(key, 'latin1'));
}

function timeoutPlace(name: string, args: readonly string[]): TimeoutPlace | null {
  switch (name) {
    case 'blmpop':
    case 'bzmpop':
      return { index: 1, unit: 'seconds' };
    case 'xread':
    case 'xreadgroup': {
      const index = blockAt(args);
      return index < 0 ? null : { index, unit: 'milliseconds' };
    }
    default:
      return { index: args.length - 1, unit: 'seconds' };
  }
}

/** Where BLOCK's value stands; the last one counts. */
function blockAt(args: readonly string[]): number {
  let found = -1;
  for (let index = 1; index < args.length; index++) {
    const option = args[index]!.toLowerCase();
    if (option === 'streams') break;
    if (option === 'block') found = ++index;
    else if (option === 'group') index += 2;
    else if (option === 'count') index++;
  }
  return found < args.length ? found : -1;
}

/** Never 0 unless it is meant: that waits as long as it takes. */
function timeoutText(timeoutMs: number, unit: TimeoutPlace['unit']): string {
  if (timeoutMs === Number.POSITIVE_INFINITY) return '0';
  const wholeMs = Math.max(1, Math.ceil(timeoutMs));
  return unit === 'milliseconds' ? String(wholeMs) : (wholeMs / 1000).toFixed(3);
}
