import {
  dataAt,
  type Keys,
  type Scene,
  type Step,
  type StepMaker,
  sorted,
  withData,
} from './keys.js';

/** Few members, so that they meet: in other sets, and when they are removed. */
const MEMBERS = Array.from({ length: 16 }, (_, index) => `member-${index}`);

const membersAt = (keys: Keys, name: string): readonly string[] =>
  dataAt(keys, name, 'set')?.members ?? [];
const withMembers = (keys: Keys, name: string, members: Iterable<string>): Keys =>
  withData(keys, name, { type: 'set', members: [...new Set(members)].sort() });

const anySet = ({ random, name }: Scene) => name(random.pick(['t1', 't2', 't3']));
const some = ({ random }: Scene) => [
  ...new Set(Array.from({ length: random.whole(1, 4) }, () => random.pick(MEMBERS))),
];

function add(scene: Scene): Step {
  const [key, added] = [anySet(scene), some(scene)];
  return {
    args: ['SADD', key, ...added],
    apply: (keys) => {
      const former = membersAt(keys, key);
      return {
        keys: withMembers(keys, key, [...former, ...added]),
        reply: added.filter((member) => !former.includes(member)).length,
      };
    },
  };
}

function remove(scene: Scene): Step {
  const [key, removed] = [anySet(scene), some(scene)];
  return {
    args: ['SREM', key, ...removed],
    apply: (keys) => {
      const former = membersAt(keys, key);
      const rest = former.filter((member) => !removed.includes(member));
      return { keys: withMembers(keys, key, rest), reply: former.length - rest.length };
    },
  };
}

function move({ random, name }: Scene): Step {
  const [from, to, member] = [name('t1'), name('t2'), random.pick(MEMBERS)];
  return {
    args: ['SMOVE', from, to, member],
    apply: (keys) => {
      const former = membersAt(keys, from);
      if (!former.includes(member)) return { keys, reply: 0 };
      const rest = former.filter((other) => other !== member);
      const taken = withMembers(keys, from, rest);
      return { keys: withMembers(taken, to, [...membersAt(keys, to), member]), reply: 1 };
    },
  };
}

const COMBINATIONS: Record<string, (one: readonly string[], other: readonly string[]) => string[]> =
  {
    SUNIONSTORE: (one, other) => [...new Set([...one, ...other])],
    SINTERSTORE: (one, other) => one.filter((member) => other.includes(member)),
    SDIFFSTORE: (one, other) => one.filter((member) => !other.includes(member)),
  };

function combine({ random, name }: Scene): Step {
  const [one, other, into] = [name('t1'), name('t2'), name('t3')];
  const command = random.pick(Object.keys(COMBINATIONS));
  return {
    args: [command, into, one, other],
    apply: (keys) => {
      const members = COMBINATIONS[command]!(membersAt(keys, one), membersAt(keys, other));
      return { keys: withMembers(keys, into, members), reply: members.length };
    },
  };
}

export function getSet(key: string): Step {
  return {
    args: ['SMEMBERS', key],
    apply: (keys) => ({ keys, reply: [...membersAt(keys, key)] }),
    arrange: sorted,
  };
}

function isMember(scene: Scene): Step {
  const [key, member] = [anySet(scene), scene.random.pick(MEMBERS)];
  return {
    args: ['SISMEMBER', key, member],
    apply: (keys) => ({ keys, reply: membersAt(keys, key).includes(member) ? 1 : 0 }),
  };
}

export const SET_STEPS: readonly StepMaker[] = [
  ...[add, add, remove, move, combine, isMember],
  (scene) => getSet(anySet(scene)),
];
