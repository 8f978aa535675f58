import { dataAt, type Keys, type Scene, type Step, type StepMaker, withData } from './keys.js';

const MEMBERS = Array.from({ length: 12 }, (_, index) => `m${index}`);

const scoresAt = (keys: Keys, name: string): ReadonlyMap<string, number> =>
  dataAt(keys, name, 'zset')?.scores ?? new Map();
const withScores = (keys: Keys, name: string, scores: ReadonlyMap<string, number>): Keys =>
  withData(keys, name, { type: 'zset', scores });

/** By score, then by member. */
function ranked(scores: ReadonlyMap<string, number>): [string, number][] {
  return [...scores].sort(
    ([one, score], [other, otherScore]) => score - otherScore || (one < other ? -1 : 1),
  );
}

const flat = (pairs: readonly (readonly [string, number])[]): string[] =>
  pairs.flatMap(([member, score]) => [member, String(score)]);

function add({ random, name }: Scene): Step {
  const [key, member, score] = [name('z'), random.pick(MEMBERS), random.whole(-50, 50)];
  return {
    args: ['ZADD', key, String(score), member],
    apply: (keys) => {
      const former = scoresAt(keys, key);
      return {
        keys: withScores(keys, key, new Map(former).set(member, score)),
        reply: former.has(member) ? 0 : 1,
      };
    },
  };
}

function increment({ random, name }: Scene): Step {
  const [key, member, by] = [name('z'), random.pick(MEMBERS), random.whole(-3, 9)];
  return {
    args: ['ZINCRBY', key, String(by), member],
    apply: (keys) => {
      const score = (scoresAt(keys, key).get(member) ?? 0) + by;
      const scores = new Map(scoresAt(keys, key)).set(member, score);
      return { keys: withScores(keys, key, scores), reply: String(score) };
    },
  };
}

function remove({ random, name }: Scene): Step {
  const [key, member] = [name('z'), random.pick(MEMBERS)];
  return {
    args: ['ZREM', key, member],
    apply: (keys) => {
      const scores = new Map(scoresAt(keys, key));
      const reply = scores.delete(member) ? 1 : 0;
      return { keys: withScores(keys, key, scores), reply };
    },
  };
}

function popLeast({ name }: Scene): Step {
  const key = name('z');
  return {
    args: ['ZPOPMIN', key],
    apply: (keys) => {
      const least = ranked(scoresAt(keys, key)).slice(0, 1);
      const scores = new Map(scoresAt(keys, key));
      for (const [member] of least) scores.delete(member);
      return { keys: withScores(keys, key, scores), reply: flat(least) };
    },
  };
}

export function getSortedSet(key: string): Step {
  return {
    args: ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
    apply: (keys) => ({ keys, reply: flat(ranked(scoresAt(keys, key))) }),
  };
}

export const SORTED_SET_STEPS: readonly StepMaker[] = [
  ...[add, add, increment, remove, popLeast],
  ({ name }) => getSortedSet(name('z')),
];
