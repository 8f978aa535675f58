import { dataAt, type Keys, type Scene, type Step, type StepMaker, withData } from './keys.js';

const MAX_ITEMS = 20;

const itemsAt = (keys: Keys, name: string): readonly string[] =>
  dataAt(keys, name, 'list')?.items ?? [];
const withItems = (keys: Keys, name: string, items: readonly string[]): Keys =>
  withData(keys, name, { type: 'list', items });

const anyList = ({ random, name }: Scene) => name(random.pick(['l1', 'l2']));

function push(scene: Scene): Step {
  const key = anyList(scene);
  if (itemsAt(scene.keys, key).length > MAX_ITEMS) return trim(key);
  const added = Array.from({ length: scene.random.whole(1, 3) }, scene.unique);
  const isLeft = scene.random.oneIn(3);
  return {
    args: [isLeft ? 'LPUSH' : 'RPUSH', key, ...added],
    apply: (keys) => {
      const former = itemsAt(keys, key);
      const items = isLeft ? [...added.toReversed(), ...former] : [...former, ...added];
      return { keys: withItems(keys, key, items), reply: items.length };
    },
  };
}

function trim(key: string): Step {
  return {
    args: ['LTRIM', key, '-5', '-1'],
    apply: (keys) => ({ keys: withItems(keys, key, itemsAt(keys, key).slice(-5)), reply: 'OK' }),
  };
}

function pop(scene: Scene): Step {
  const key = anyList(scene);
  const isLeft = scene.random.oneIn(2);
  return {
    args: [isLeft ? 'LPOP' : 'RPOP', key],
    apply: (keys) => {
      const items = itemsAt(keys, key);
      const reply = (isLeft ? items[0] : items.at(-1)) ?? null;
      return { keys: withItems(keys, key, isLeft ? items.slice(1) : items.slice(0, -1)), reply };
    },
  };
}

function move({ name }: Scene): Step {
  const [from, to] = [name('l1'), name('l2')];
  return {
    args: ['LMOVE', from, to, 'LEFT', 'RIGHT'],
    apply: (keys) => {
      const [item, ...rest] = itemsAt(keys, from);
      if (item === undefined) return { keys, reply: null };
      const taken = withItems(keys, from, rest);
      return { keys: withItems(taken, to, [...itemsAt(keys, to), item]), reply: item };
    },
  };
}

export function getList(key: string): Step {
  return {
    args: ['LRANGE', key, '0', '-1'],
    apply: (keys) => ({ keys, reply: [...itemsAt(keys, key)] }),
  };
}

function length(scene: Scene): Step {
  const key = anyList(scene);
  return { args: ['LLEN', key], apply: (keys) => ({ keys, reply: itemsAt(keys, key).length }) };
}

export const LIST_STEPS: readonly StepMaker[] = [
  ...[push, push, push, pop, move, length],
  (scene) => getList(anyList(scene)),
];
