import { getHash, HASH_STEPS } from './hashes.js';
import type { Data, Keys, Step, StepMaker } from './keys.js';
import { getList, LIST_STEPS } from './lists.js';
import { getSet, SET_STEPS } from './sets.js';
import { getSortedSet, SORTED_SET_STEPS } from './sorted-sets.js';
import { getPending, getStream, STREAM_STEPS } from './streams.js';
import { getString, STRING_STEPS } from './strings.js';

/** All kinds of steps; each family as often as the others. */
export const STEP_FAMILIES: readonly (readonly StepMaker[])[] = [
  ...[STRING_STEPS, STRING_STEPS, LIST_STEPS, SET_STEPS, HASH_STEPS, SORTED_SET_STEPS],
  STREAM_STEPS,
];

/** The keys that steps are made on, and what is in them. */
export const ROLES: Readonly<Record<string, Data['type']>> = {
  s1: 'string',
  s2: 'string',
  s3: 'string',
  n: 'string',
  l1: 'list',
  l2: 'list',
  t1: 'set',
  t2: 'set',
  t3: 'set',
  h: 'hash',
  z: 'zset',
  x: 'stream',
};

/** The steps that read all that is in a key of that type. */
export function readsOf(type: Data['type'], key: string): Step[] {
  switch (type) {
    case 'string':
      return [getString(key)];
    case 'list':
      return [getList(key)];
    case 'set':
      return [getSet(key)];
    case 'hash':
      return [getHash(key)];
    case 'zset':
      return [getSortedSet(key)];
    case 'stream':
      return [getStream(key), getPending(key)];
  }
}

/** Equal for equal keys. */
export function fingerprint(keys: Keys): string {
  const names = [...keys.keys()].sort();
  return JSON.stringify(names.map((name) => [name, plain(keys.get(name)!)]));
}

function plain(data: Data): unknown {
  if (data.type === 'hash') return [...data.fields].sort();
  if (data.type === 'zset') return [...data.scores].sort();
  return data;
}
