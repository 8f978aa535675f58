import type { Plain } from '../../../../resp/decode.js';
import type { Random } from '../../../support/random.js';

/** Entry ids are `<number>-1`; only the number is kept. */
export interface Entry {
  readonly id: number;
  readonly value: string;
}

/** The value of one key. Text stands for bytes, a character each. */
export type Data =
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'list'; readonly items: readonly string[] }
  | { readonly type: 'set'; readonly members: readonly string[] }
  | { readonly type: 'hash'; readonly fields: ReadonlyMap<string, string> }
  | { readonly type: 'zset'; readonly scores: ReadonlyMap<string, number> }
  | {
      readonly type: 'stream';
      readonly entries: readonly Entry[];
      readonly lastId: number;
      /** Of the one group there is: what it has delivered, and what was not acknowledged. */
      readonly group: { readonly delivered: number; readonly pending: readonly number[] } | null;
    };

export type DataOf<Type extends Data['type']> = Extract<Data, { type: Type }>;

/** The keys that share a hash tag, as Redis has them: never changed, always replaced. */
export type Keys = ReadonlyMap<string, Data>;

export interface Effect {
  readonly keys: Keys;
  readonly reply: Plain;
}

/** One command on the keys of one hash tag. */
export interface Step {
  /** Byte strings. */
  readonly args: readonly string[];
  /** What Redis does with it. */
  apply(keys: Keys): Effect;
  /** For replies without an order: brings Redis's and ours into the same one. */
  readonly arrange?: (reply: Plain) => Plain;
}

/** What a step is made of. */
export interface Scene {
  readonly random: Random;
  /** Where the keys are now: for choosing, say, a member that is there. */
  readonly keys: Keys;
  /** The full name of a key: `s1` is `s1{tag}`. */
  name(role: string): string;
  /** Text that no other step of the run has used. */
  unique(): string;
}

export type StepMaker = (scene: Scene) => Step;

/** The key's value, or null if there is no such key. */
export function dataAt<Type extends Data['type']>(
  keys: Keys,
  name: string,
  type: Type,
): DataOf<Type> | null {
  const data = keys.get(name);
  if (data === undefined) return null;
  if (data.type !== type) throw new Error(`${name} is a ${data.type}, not a ${type}`);
  return data as DataOf<Type>;
}

/** The keys with one of them replaced, or without it: null, or a collection without elements. */
export function withData(keys: Keys, name: string, data: Data | null): Keys {
  const next = new Map(keys);
  if (data === null || isEmpty(data)) next.delete(name);
  else next.set(name, data);
  return next;
}

function isEmpty(data: Data): boolean {
  switch (data.type) {
    case 'list':
      return data.items.length === 0;
    case 'set':
      return data.members.length === 0;
    case 'hash':
      return data.fields.size === 0;
    case 'zset':
      return data.scores.size === 0;
    default:
      return false;
  }
}

/** For replies that are sets. */
export function sorted(reply: Plain): Plain {
  return Array.isArray(reply) ? reply.map(String).sort() : reply;
}

/** For replies that are hashes: field, value, field, value, … */
export function sortedPairs(reply: Plain): Plain {
  if (!Array.isArray(reply)) return reply;
  const pairs: string[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    pairs.push(JSON.stringify([reply[index], reply[index + 1]]));
  }
  return pairs.sort();
}
