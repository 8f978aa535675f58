import {
  dataAt,
  type Keys,
  type Scene,
  type Step,
  type StepMaker,
  sortedPairs,
  withData,
} from './keys.js';

const FIELDS = Array.from({ length: 10 }, (_, index) => `field-${index}`);

const fieldsAt = (keys: Keys, name: string): ReadonlyMap<string, string> =>
  dataAt(keys, name, 'hash')?.fields ?? new Map();
const withFields = (keys: Keys, name: string, fields: ReadonlyMap<string, string>): Keys =>
  withData(keys, name, { type: 'hash', fields });

function set({ random, name, unique }: Scene): Step {
  const key = name('h');
  const fields = [...new Set(Array.from({ length: 2 }, () => random.pick(FIELDS)))];
  const pairs = fields.map((field): [string, string] => [field, unique()]);
  return {
    args: ['HSET', key, ...pairs.flat()],
    apply: (keys) => {
      const former = fieldsAt(keys, key);
      return {
        keys: withFields(keys, key, new Map([...former, ...pairs])),
        reply: fields.filter((field) => !former.has(field)).length,
      };
    },
  };
}

function remove({ random, name }: Scene): Step {
  const [key, field] = [name('h'), random.pick(FIELDS)];
  return {
    args: ['HDEL', key, field],
    apply: (keys) => {
      const fields = new Map(fieldsAt(keys, key));
      const reply = fields.delete(field) ? 1 : 0;
      return { keys: withFields(keys, key, fields), reply };
    },
  };
}

function increment({ random, name }: Scene): Step {
  const [key, field, by] = [name('h'), 'count', random.whole(1, 9)];
  return {
    args: ['HINCRBY', key, field, String(by)],
    apply: (keys) => {
      const sum = Number(fieldsAt(keys, key).get(field) ?? '0') + by;
      const fields = new Map(fieldsAt(keys, key)).set(field, String(sum));
      return { keys: withFields(keys, key, fields), reply: sum };
    },
  };
}

function get({ random, name }: Scene): Step {
  const [key, field] = [name('h'), random.pick(FIELDS)];
  return {
    args: ['HGET', key, field],
    apply: (keys) => ({ keys, reply: fieldsAt(keys, key).get(field) ?? null }),
  };
}

export function getHash(key: string): Step {
  return {
    args: ['HGETALL', key],
    apply: (keys) => ({ keys, reply: [...fieldsAt(keys, key)].flat() }),
    arrange: sortedPairs,
  };
}

export const HASH_STEPS: readonly StepMaker[] = [
  ...[set, set, remove, increment, get],
  ({ name }) => getHash(name('h')),
];
