import type { Plain } from '../../resp/decode.js';
import { INTERNAL_ROW } from '../request.js';
import type { CommandRow } from './command-row.js';

/** What is known of a command that no table names; it is asked for again after this time. */
const KNOWN_MS = 60_000;
/** Clients may send anything: so many names are remembered, and the oldest forgotten. */
const MAX_NAMES = 4096;
/**
 * The commands of our own module on the servers are for those who move slots; `client|id` is a name
 * that COMMAND INFO understands and no command has.
 */
const NEVER = /^slots|\|/;
/** What a command's flags must not say for it to go by a connection that all clients share. */
const UNFIT_FLAGS = ['admin', 'blocking', 'pubsub', 'no_multi'];

/** Stands for any command that has to be asked for. */
export const UNKNOWN_ROW: CommandRow = {
  ...INTERNAL_ROW,
  name: 'unknown',
  arity: -1,
  route: 'operation',
  needsNoAuth: false,
};

/**
 * - a row: the servers have the command
 * - `unknown`: they have not, or clients may not send it
 * - `asking`: nobody knows: the operation of UNKNOWN_ROW finds out
 */
export type LearnedCommand = CommandRow | 'unknown' | 'asking';

interface Learned {
  readonly command: CommandRow | 'unknown';
  readonly untilMs: number;
}

/** Commands that modules of the servers bring, as COMMAND INFO tells them. */
export class LearnedCommands {
  readonly #learned = new Map<string, Learned>();

  /** @param name in lower case */
  find(name: string): LearnedCommand {
    if (NEVER.test(name)) return 'unknown';
    const learned = this.#learned.get(name);
    return learned === undefined || learned.untilMs < performance.now()
      ? 'asking'
      : learned.command;
  }

  /** @param info the command's element of a server's reply to COMMAND INFO; null: it has none */
  learn(name: string, info: Plain): CommandRow | 'unknown' {
    const command = rowOf(name, info) ?? 'unknown';
    this.#learned.delete(name);
    this.#learned.set(name, { command, untilMs: performance.now() + KNOWN_MS });
    if (this.#learned.size > MAX_NAMES) this.#learned.delete(this.#learned.keys().next().value!);
    return command;
  }
}

/**
 * The command's row; null if it is none that we can serve. Redis 6.2 tells no key specifications,
 * and modules seldom give any: the old three numbers (first key, last key, step) say where its keys
 * are. Where they cannot, the command has route `operation`, and a server is asked each time.
 */
function rowOf(name: string, info: Plain): CommandRow | null {
  if (!Array.isArray(info)) return null;
  const [, arity, flagList, first, last, step] = info;
  const flags = Array.isArray(flagList) ? flagList.map(String) : [];
  if (typeof arity !== 'number' || flags.some((flag) => UNFIT_FLAGS.includes(flag))) return null;
  const [from, to, each] = [Number(first), Number(last), Number(step)];
  const hasOneKey = from > 0 && to === from;
  const isMovable = flags.includes('movablekeys');
  return {
    ...UNKNOWN_ROW,
    name,
    arity,
    route: isMovable ? 'operation' : hasOneKey ? 'key' : 'keys',
    isWrite: !flags.includes('readonly'),
    isReadOnly: flags.includes('readonly'),
    firstKey: Math.max(0, from),
    hasOneKey: hasOneKey && !isMovable,
    keySpecs:
      from > 0
        ? [
            {
              keyword: '',
              index: from,
              numkeysAt: -1,
              first: 0,
              last: to < 0 ? to : to - from,
              step: Math.max(1, each),
              limit: 0,
            },
          ]
        : [],
  };
}
