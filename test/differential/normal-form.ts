import { decodeReply, type Value } from '../../resp/decode.js';
import type { Argument } from '../support/resp-client.js';

/**
 * Replies that two Redis servers may give differently to the same command are compared in a form
 * that leaves the difference out; all others byte for byte:
 *
 * - `unordered`: in the order of a hash table, whose seed is random
 * - `pairs`: the same, two elements at a time
 * - `scan`: the same, after a cursor
 * - `shape`: random elements, times, memory, or bytes of a hash table: only types and lengths
 * - `no-error`: only that neither is an error
 * - `near`: what is left of a time: within NEAR_MS
 */
const NORMAL_FORMS: { readonly [command: string]: Form } = {
  smembers: 'unordered',
  sinter: 'unordered',
  sunion: 'unordered',
  sdiff: 'unordered',
  spop: 'unordered',
  hkeys: 'unordered',
  hvals: 'unordered',
  hgetall: 'pairs',
  hscan: 'scan',
  sscan: 'scan',
  zscan: 'scan',
  srandmember: 'shape',
  hrandfield: 'shape',
  zrandmember: 'shape',
  dump: 'shape',
  // Mangled: its reply has the connection's number.
  hello: 'shape',
  lolwut: 'shape',
  'acl cat': 'unordered',
  'acl genpass': 'shape',
  // It also sees a key that has expired, until the server happens to remove it.
  'memory usage': 'no-error',
  'xinfo consumers': 'shape',
  // Of a small integer: when any key with the same value was last used.
  'object idletime': 'shape',
  ttl: 'near',
  pttl: 'near',
  expiretime: 'near',
  pexpiretime: 'near',
};

type Form = 'exact' | 'unordered' | 'pairs' | 'scan' | 'shape' | 'no-error' | 'near';

const NEAR_MS = 20_000;

/** True if the replies to the command mean the same. */
export function isSameReply(args: readonly Argument[], one: Buffer, other: Buffer): boolean {
  if (one.equals(other)) return true;
  const form = formOf(args);
  if (form === 'exact') return false;
  const [left, right] = [decodeReply(one)!.value, decodeReply(other)!.value];
  if (left.type === 'error' || right.type === 'error') return false;
  if (form === 'no-error') return true;
  if (form === 'near') return isNear(left, right, /^p/i.test(String(args[0])) ? 1 : 1000);
  return normalForm(left, form) === normalForm(right, form);
}

function formOf(args: readonly Argument[]): Form {
  const name = String(args[0]).toLowerCase();
  const words = args.map((arg) => String(arg).toLowerCase());
  // The order of a set that is not sorted is its hash table's.
  if (name === 'sort' && words.includes('by')) return 'shape';
  // With a range: the time since each entry's delivery.
  if (name === 'xpending' && args.length > 3) return 'shape';
  return NORMAL_FORMS[name] ?? NORMAL_FORMS[`${name} ${words[1]}`] ?? 'exact';
}

function isNear(left: Value, right: Value, unitMs: number): boolean {
  if (left.type !== 'integer' || right.type !== 'integer') return false;
  // -1 and -2 say that there is no time, or no key.
  if (left.value < 0n || right.value < 0n) return left.value === right.value;
  return Math.abs(Number(left.value - right.value)) * unitMs <= NEAR_MS;
}

function normalForm(value: Value, form: Form): string {
  if (value.type !== 'array') return form === 'shape' ? value.type : render(value);
  const elements = value.value;
  switch (form) {
    case 'shape':
      return `[${elements.map((element) => normalForm(element, form)).join()}]`;
    case 'scan':
      return `${render(elements[0]!)} ${normalForm(elements[1]!, 'unordered')}`;
    case 'pairs': {
      const pairs = elements.flatMap((element, index) =>
        index % 2 === 0 ? [`${render(element)}=${render(elements[index + 1]!)}`] : [],
      );
      return pairs.sort().join();
    }
    default:
      return elements.map(render).sort().join();
  }
}

function render(value: Value): string {
  switch (value.type) {
    case 'bulk':
      return JSON.stringify(value.value.toString('latin1'));
    case 'array':
      return `[${value.value.map(render).join()}]`;
    default:
      return `${value.type}:${String(value.value)}`;
  }
}
