import { dataAt, type Keys, type Scene, type Step, type StepMaker, withData } from './keys.js';

/** Values beyond this are set anew instead of appended to. */
const MAX_TEXT = 300;

const textAt = (keys: Keys, name: string): string | null =>
  dataAt(keys, name, 'string')?.text ?? null;
const withText = (keys: Keys, name: string, text: string): Keys =>
  withData(keys, name, { type: 'string', text });

const anyString = ({ random, name }: Scene) => name(random.pick(['s1', 's2', 's3']));

/** Any bytes: line ends, zero, what is not UTF-8. */
function value({ random, unique }: Scene): string {
  return random.oneIn(3) ? random.bytes(random.whole(0, 40)).toString('latin1') : unique();
}

function set(scene: Scene): Step {
  const [key, text] = [anyString(scene), value(scene)];
  return {
    args: ['SET', key, text],
    apply: (keys) => ({ keys: withText(keys, key, text), reply: 'OK' }),
  };
}

function append(scene: Scene): Step {
  const key = anyString(scene);
  if ((textAt(scene.keys, key)?.length ?? 0) > MAX_TEXT) return set(scene);
  const more = value(scene);
  return {
    args: ['APPEND', key, more],
    apply: (keys) => {
      const text = (textAt(keys, key) ?? '') + more;
      return { keys: withText(keys, key, text), reply: text.length };
    },
  };
}

export function getString(key: string): Step {
  return { args: ['GET', key], apply: (keys) => ({ keys, reply: textAt(keys, key) }) };
}

function getDelete(scene: Scene): Step {
  const key = anyString(scene);
  return {
    args: ['GETDEL', key],
    apply: (keys) => ({ keys: withData(keys, key, null), reply: textAt(keys, key) }),
  };
}

function increment({ random, name }: Scene): Step {
  const key = name('n');
  const by = random.whole(-5, 20);
  return {
    args: ['INCRBY', key, String(by)],
    apply: (keys) => {
      const sum = Number(textAt(keys, key) ?? '0') + by;
      return { keys: withText(keys, key, String(sum)), reply: sum };
    },
  };
}

function setIfAbsent(scene: Scene): Step {
  const [key, text] = [anyString(scene), value(scene)];
  return {
    args: ['SETNX', key, text],
    apply: (keys) =>
      keys.has(key) ? { keys, reply: 0 } : { keys: withText(keys, key, text), reply: 1 },
  };
}

function setAllIfAbsent(scene: Scene): Step {
  const [one, other] = [scene.name('s1'), scene.name('s2')];
  const [text, otherText] = [value(scene), value(scene)];
  return {
    args: ['MSETNX', one, text, other, otherText],
    apply: (keys) =>
      keys.has(one) || keys.has(other)
        ? { keys, reply: 0 }
        : { keys: withText(withText(keys, one, text), other, otherText), reply: 1 },
  };
}

function rename(scene: Scene): Step {
  const { random, name } = scene;
  const [from, to] = random.pick([
    [name('s1'), name('s2')],
    [name('s2'), name('s3')],
    [name('l1'), name('l2')],
  ]);
  return {
    args: ['RENAME', from!, to!],
    apply: (keys) => {
      const data = keys.get(from!);
      if (data === undefined) return { keys, reply: 'ERR no such key' };
      return { keys: withData(withData(keys, from!, null), to!, data), reply: 'OK' };
    },
  };
}

function copy({ name }: Scene): Step {
  const [from, to] = [name('s1'), name('s3')];
  return {
    args: ['COPY', from, to, 'REPLACE'],
    apply: (keys) => {
      const data = keys.get(from);
      return data === undefined ? { keys, reply: 0 } : { keys: withData(keys, to, data), reply: 1 };
    },
  };
}

function remove({ random, name }: Scene): Step {
  const chosen = random.pick([['s1', 's2'], ['s3'], ['l2'], ['h'], ['t3'], ['z'], ['n', 'l1']]);
  const names = chosen.map(name);
  return {
    args: [random.pick(['DEL', 'UNLINK']), ...names],
    apply: (keys) => ({
      keys: names.reduce<Keys>((rest, key) => withData(rest, key, null), keys),
      reply: names.filter((key) => keys.has(key)).length,
    }),
  };
}

function exists({ name }: Scene): Step {
  const names = ['s1', 's2', 'l1', 'h'].map(name);
  return {
    args: ['EXISTS', ...names],
    apply: (keys) => ({ keys, reply: names.filter((key) => keys.has(key)).length }),
  };
}

/** Reads one key and writes two others; says which in its keys. */
const SCRIPT =
  "local n = redis.call('INCRBY', KEYS[1], ARGV[1]); " +
  "redis.call('RPUSH', KEYS[2], n); redis.call('LTRIM', KEYS[2], -10, -1); " +
  "return {n, redis.call('GET', KEYS[3])}";

function script({ random, name }: Scene): Step {
  const [counter, list, text] = [name('n'), name('l1'), name('s1')];
  const by = random.whole(1, 9);
  return {
    args: ['EVAL', SCRIPT, '3', counter, list, text, String(by)],
    apply: (keys) => {
      const sum = Number(textAt(keys, counter) ?? '0') + by;
      const items = [...(dataAt(keys, list, 'list')?.items ?? []), String(sum)].slice(-10);
      const counted = withText(keys, counter, String(sum));
      return {
        keys: withData(counted, list, { type: 'list', items }),
        reply: [sum, textAt(keys, text)],
      };
    },
  };
}

export const STRING_STEPS: readonly StepMaker[] = [
  ...[set, append, append, append, increment, increment],
  ...[(scene: Scene) => getString(anyString(scene)), getDelete],
  ...[setIfAbsent, setAllIfAbsent, rename, copy, remove, exists, script],
];
