import type { Plain } from '../../../../resp/decode.js';
import {
  type DataOf,
  dataAt,
  type Entry,
  type Keys,
  type Scene,
  type Step,
  type StepMaker,
  withData,
} from './keys.js';

const MAX_ENTRIES = 15;
const GROUP = 'group';
const CONSUMER = 'consumer';

type Stream = DataOf<'stream'>;

const EMPTY: Stream = { type: 'stream', entries: [], lastId: 0, group: null };
const streamAt = (keys: Keys, name: string): Stream => dataAt(keys, name, 'stream') ?? EMPTY;

const idText = (id: number) => `${id}-1`;
const shown = (entries: readonly Entry[]): Plain =>
  entries.map(({ id, value }) => [idText(id), ['f', value]]);

function add(scene: Scene): Step {
  const key = scene.name('x');
  const stream = streamAt(scene.keys, key);
  if (stream.entries.length > MAX_ENTRIES) return trim(key);
  const [id, value] = [stream.lastId + scene.random.whole(1, 3), scene.unique()];
  return {
    args: ['XADD', key, idText(id), 'f', value],
    apply: (keys) => {
      const former = streamAt(keys, key);
      if (id <= former.lastId) {
        // As after an XADD with a later id whose outcome was not known.
        const reply =
          'ERR The ID specified in XADD is equal or smaller than the target stream top item';
        return { keys, reply };
      }
      const entries = [...former.entries, { id, value }];
      return { keys: withData(keys, key, { ...former, entries, lastId: id }), reply: idText(id) };
    },
  };
}

function trim(key: string): Step {
  return {
    args: ['XTRIM', key, 'MAXLEN', '=', '4'],
    apply: (keys) => {
      if (!keys.has(key)) return { keys, reply: 0 };
      const former = streamAt(keys, key);
      const entries = former.entries.slice(-4);
      return {
        keys: withData(keys, key, { ...former, entries }),
        reply: former.entries.length - entries.length,
      };
    },
  };
}

function remove({ random, name, keys }: Scene): Step {
  const key = name('x');
  const { entries } = streamAt(keys, key);
  const id = entries.length > 0 ? random.pick(entries).id : 1;
  return {
    args: ['XDEL', key, idText(id)],
    apply: (before) => {
      if (!before.has(key)) return { keys: before, reply: 0 };
      const former = streamAt(before, key);
      const rest = former.entries.filter((entry) => entry.id !== id);
      return {
        keys: withData(before, key, { ...former, entries: rest }),
        reply: former.entries.length - rest.length,
      };
    },
  };
}

export function getStream(key: string): Step {
  return {
    args: ['XRANGE', key, '-', '+'],
    apply: (keys) => ({ keys, reply: shown(streamAt(keys, key).entries) }),
  };
}

/** The number of what the group has not acknowledged, and the ends of it. */
export function getPending(key: string): Step {
  return {
    args: ['XPENDING', key, GROUP],
    apply: (keys) => {
      const group = dataAt(keys, key, 'stream')?.group ?? null;
      if (group === null) {
        return { keys, reply: noGroup(key, '') };
      }
      const { pending } = group;
      if (pending.length === 0) return { keys, reply: [0, null, null, null] };
      const ends = [idText(pending[0]!), idText(pending.at(-1)!)];
      return {
        keys,
        reply: [pending.length, ...ends, [[CONSUMER, String(pending.length)]]],
      };
    },
  };
}

function makeGroup(scene: Scene): Step {
  const key = scene.name('x');
  return {
    args: ['XGROUP', 'CREATE', key, GROUP, '0', 'MKSTREAM'],
    apply: (keys) => {
      const former = streamAt(keys, key);
      if (former.group !== null) {
        return { keys, reply: 'BUSYGROUP Consumer Group name already exists' };
      }
      const group = { delivered: 0, pending: [] };
      return { keys: withData(keys, key, { ...former, group }), reply: 'OK' };
    },
  };
}

function readGroup(scene: Scene): Step {
  const key = scene.name('x');
  if (dataAt(scene.keys, key, 'stream')?.group == null) return makeGroup(scene);
  return {
    args: ['XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', '3', 'STREAMS', key, '>'],
    apply: (keys) => {
      const stream = dataAt(keys, key, 'stream');
      if (!stream?.group) {
        return { keys, reply: noGroup(key, ' in XREADGROUP with GROUP option') };
      }
      const { delivered, pending } = stream.group;
      const read = stream.entries.filter(({ id }) => id > delivered).slice(0, 3);
      if (read.length === 0) return { keys, reply: null };
      const group = {
        delivered: read.at(-1)!.id,
        pending: [...pending, ...read.map(({ id }) => id)],
      };
      return { keys: withData(keys, key, { ...stream, group }), reply: [[key, shown(read)]] };
    },
  };
}

function acknowledge(scene: Scene): Step {
  const key = scene.name('x');
  const pending = dataAt(scene.keys, key, 'stream')?.group?.pending ?? [];
  const acked = pending.length > 0 ? pending.slice(0, scene.random.whole(1, 4)) : [1];
  return {
    args: ['XACK', key, GROUP, ...acked.map(idText)],
    apply: (keys) => {
      const stream = dataAt(keys, key, 'stream');
      if (!stream?.group) return { keys, reply: 0 };
      const rest = stream.group.pending.filter((id) => !acked.includes(id));
      return {
        keys: withData(keys, key, { ...stream, group: { ...stream.group, pending: rest } }),
        reply: stream.group.pending.length - rest.length,
      };
    },
  };
}

const noGroup = (key: string, where: string) =>
  `NOGROUP No such key '${key}' or consumer group '${GROUP}'${where}`;

export const STREAM_STEPS: readonly StepMaker[] = [
  ...[add, add, add, remove, readGroup, readGroup, acknowledge],
  ({ name }) => getStream(name('x')),
  ({ name }) => getPending(name('x')),
];
