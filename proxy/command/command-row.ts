/**
 * Who answers a command.
 *
 * - `key`: exactly one key, at `firstKey`: forwarded untouched to that key's slot.
 * - `keys`: several keys or movable ones (`findKeys`): forwarded untouched if all are in one slot,
 *   else CROSSSLOT. Without any key (EVAL with 0 keys, OBJECT HELP) it goes to slot 0's group.
 * - `split-mget`, `split-mset`, `split-sum`: split by slot; the replies are one array in the order
 *   of the keys, one +OK, one sum.
 * - `publish`: to the slot of its first argument, a channel, which is no key.
 * - `local`: answered by the proxy itself (`answerLocal`).
 * - `operation`: takes the proxy more than one step, such as asking all groups: see
 *   proxy/operation. The client's later commands wait until it is answered.
 * - `container`: its first argument names a subcommand with a row of its own, which
 *   `resolveSubcommand` finds. Without that argument its arity does not fit, except for COMMAND,
 *   which is then answered by the proxy (`answerLocal`).
 * - `refused`: known to Redis, but not served by the proxy: answered as an unknown command.
 */
export type Route =
  | 'key'
  | 'keys'
  | 'split-mget'
  | 'split-mset'
  | 'publish'
  | 'split-sum'
  | 'local'
  | 'operation'
  | 'container'
  | 'refused';

/**
 * Where some of a command's keys are; Redis 7's key specification (`COMMAND INFO`, 9th element).
 *
 * The search begins at argument `index` or, if `keyword` is not empty, after the first argument
 * equal to it from `index` on (backwards from the end if `index` is negative). From there:
 * - `numkeysAt` = -1: keys are every `step`th argument up to `last`, relative to the beginning, or
 *   from the end of the arguments if negative; `limit` n > 1: only the first 1/n of the rest.
 * - else: `numkeysAt` (relative) holds their number, the first one is at `first` (relative).
 */
export interface KeySpec {
  readonly keyword: string;
  readonly index: number;
  readonly numkeysAt: number;
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly limit: number;
}

/** Commands whose keys no key specification describes; each has its own function in keys.ts. */
export type KeyFinder = 'specs' | 'sort' | 'georadius' | 'xread' | 'migrate';

/**
 * Arguments that matter before a command is sent: those that the proxy does not serve (refusal.ts),
 * and with `no-block` that which makes it wait (blocks.ts). With `script` it goes by a connection for
 * scripts. With `while-busy` the servers are asked while one of them may be held up by a script.
 * With `logs-in` they are asked about users that are not the proxy's.
 */
export type Guard =
  | 'none'
  | 'no-block'
  | 'no-other-db'
  | 'no-foreign-patterns'
  | 'script'
  | 'while-busy'
  | 'logs-in';

/** A command or subcommand. All rows have the same shape, for the sake of the hot path. */
export interface CommandRow {
  /** 0 to COMMAND_COUNT - 1, subcommands included: a place in an array of counters. */
  readonly index: number;
  /** In lower case; a subcommand as Redis writes it: `client|getname`. */
  readonly name: string;
  /** Number of arguments including the name(s); negative: at least that many. */
  readonly arity: number;
  readonly route: Route;
  /** Changes data: must never be sent twice. */
  readonly isWrite: boolean;
  /** Only reads data. Commands that are neither concern the connection or the server. */
  readonly isReadOnly: boolean;
  /** May be sent before AUTH. */
  readonly needsNoAuth: boolean;
  /** Index of the first key among the arguments (the name is 0) if it is at a fixed place, else 0. */
  readonly firstKey: number;
  /** The route is `key`: exactly one key, at `firstKey`. */
  readonly hasOneKey: boolean;
  readonly keyFinder: KeyFinder;
  readonly keySpecs: readonly KeySpec[];
  readonly guard: Guard;
  /** Of a `container`; else empty. */
  readonly subcommands: readonly CommandRow[];
}

/** Redis's rule for the number of arguments; `argCount` includes the command's name. */
export function arityFits(row: CommandRow, argCount: number): boolean {
  return row.arity >= 0 ? argCount === row.arity : argCount >= -row.arity;
}
