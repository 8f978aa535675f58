import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  copyInPieces,
  finishPieces,
} from '../../../../dashboard/migration/chunk/copy-in-pieces.js';
import { CopyLostError, NotChunkableError } from '../../../../dashboard/migration/chunk/errors.js';
import type { ServerConnection } from '../../../../dashboard/migration/server-connection.js';
import { eventually } from '../../../support/eventually.js';
import { all, digest, KEY, one, ServerPair, SMALL_PIECES, TEMPORARY_KEY } from './support.js';

let pair: ServerPair;
beforeAll(async () => {
  pair = await ServerPair.start();
});
afterAll(() => pair.stop());
beforeEach(() => pair.clear());

const FIELDS = Array.from({ length: 60 }, (_, index) => [`field:${index}`, `value ${index}`]);

async function fillHash(): Promise<void> {
  await one(pair.source, 'HSET', KEY, ...FIELDS.flat());
  await one(pair.source, 'PEXPIREAT', KEY, Date.now() + 1_000_000);
}

class Crash extends Error {}

/** A connection that ends before, or right after, its call of that number has done its work. */
function endingAt(
  server: ServerConnection,
  ordinal: number,
  when: 'before' | 'after',
): ServerConnection {
  let calls = 0;
  return new Proxy(server, {
    get(_, property) {
      const value: unknown = Reflect.get(server, property, server);
      if (typeof value !== 'function') return value;
      if (property !== 'call' && property !== 'pipeline') return value.bind(server);
      return async (...args: unknown[]) => {
        const isLast = ++calls === ordinal;
        if (isLast && when === 'before') throw new Crash();
        const reply = await Reflect.apply(value, server, args);
        if (isLast) throw new Crash();
        return reply;
      };
    },
  });
}

/** @returns false if it came to its end before that. */
async function crashes(
  side: 'source' | 'target',
  ordinal: number,
  when: 'before' | 'after',
): Promise<boolean> {
  const [source, target] = await pair.connect();
  const ends = (server: ServerConnection, own: string) =>
    own === side ? endingAt(server, ordinal, when) : server;
  try {
    const copied = await copyInPieces(
      ends(source, 'source'),
      ends(target, 'target'),
      ...[0, KEY, TEMPORARY_KEY, { limits: SMALL_PIECES }],
    );
    await finishPieces(copied!);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  } finally {
    source.close();
    target.close();
  }
}

describe('ended at any command, and begun anew, a move loses nothing', () => {
  it.each([
    ['source', 'before'],
    ['source', 'after'],
    ['target', 'before'],
    ['target', 'after'],
  ] as const)('at the %s, %s it is served', async (side, when) => {
    let steps = 0;
    for (let ordinal = 1; ; ordinal++) {
      await pair.clear();
      await fillHash();
      const before = await digest(pair.source);
      if (!(await crashes(side, ordinal, when))) break;
      steps++;
      const isOwner = (await one(pair.source, 'EXISTS', KEY)) === 1;
      if (isOwner) expect(await digest(pair.source)).toEqual(before);
      // The key has moved, or moves now.
      expect(await pair.move()).toBe(isOwner);
      expect(await digest(pair.target)).toEqual(before);
      expect(await one(pair.source, 'DBSIZE')).toBe(0);
      expect(await one(pair.target, 'DBSIZE')).toBe(1);
    }
    expect(steps).toBeGreaterThan(10);
  });
});

describe('a key that expires', () => {
  const copyOf = async (onPiece: () => void) => {
    const [source, target] = await pair.connect();
    const copied = await copyInPieces(source, target, 0, KEY, TEMPORARY_KEY, {
      limits: SMALL_PIECES,
      onPiece,
    });
    return { source, target, copied };
  };
  const nothingIsLeft = async () => {
    expect(await one(pair.source, 'DBSIZE')).toBe(0);
    expect(await one(pair.target, 'DBSIZE')).toBe(0);
  };

  it.each(['list', 'hash', 'stream', 'string', 'zset', 'set'])(
    'while it is copied: %s',
    async (type) => {
      const values = FIELDS.flat();
      const commands: Record<string, readonly (readonly string[])[]> = {
        list: [['RPUSH', ...values]],
        hash: [['HSET', ...values]],
        string: [['SET', values.join()]],
        // With one so long that no server uses its compact encoding.
        set: [['SADD', ...values, 'long'.repeat(30)]],
        zset: [['ZADD', ...values.flatMap((value, index) => [`${index}`, value])]],
        stream: values.map((value) => ['XADD', '*', 'f', value]),
      };
      for (const at of [1, 3, 5]) {
        await pair.clear();
        await all(
          pair.source,
          commands[type]!.map(([name, ...rest]) => [name!, KEY, ...rest]),
        );
        let pieces = 0;
        const { copied, source, target } = await copyOf(() => {
          // To the server the end of its time and this are the same.
          if (++pieces === at) void one(pair.source, 'PEXPIREAT', KEY, 1);
        });
        expect(pieces).toBeGreaterThanOrEqual(at);
        if (copied !== null) expect(await finishPieces(copied)).toBe(false);
        await nothingIsLeft();
        source.close();
        target.close();
      }
    },
  );

  it('between the copy and the switch', async () => {
    await fillHash();
    const { copied, source, target } = await copyOf(() => {});
    await one(pair.source, 'PEXPIREAT', KEY, 1);
    expect(await finishPieces(copied!)).toBe(false);
    await nothingIsLeft();
    source.close();
    target.close();
  });

  it('after the switch, at its time', async () => {
    await fillHash();
    await one(pair.source, 'PEXPIRE', KEY, 700);
    expect(await pair.move()).toBe(true);
    await eventually('it has expired', async () => (await one(pair.target, 'EXISTS', KEY)) === 0);
  });

  it('was never there', async () => {
    expect(await pair.move()).toBe(false);
    await nothingIsLeft();
  });
});

it('a copy that the target has lost is not taken for the key', async () => {
  await fillHash();
  const before = await digest(pair.source);
  const [source, target] = await pair.connect();
  const copied = await copyInPieces(source, target, 0, KEY, TEMPORARY_KEY);
  await one(pair.target, 'FLUSHALL');
  await expect(finishPieces(copied!)).rejects.toThrow(CopyLostError);
  expect(await digest(pair.source)).toEqual(before);

  // And one that has lost a part of it is found out before.
  let pieces = 0;
  const options = {
    limits: SMALL_PIECES,
    onPiece: () => {
      if (++pieces === 3) void one(pair.target, 'FLUSHALL');
    },
  };
  await expect(copyInPieces(source, target, 0, KEY, TEMPORARY_KEY, options)).rejects.toThrow(
    CopyLostError,
  );
  expect(await pair.move()).toBe(true);
  expect(await digest(pair.target)).toEqual(before);
  source.close();
  target.close();
});

it('stops when it is told to, and begins again', async () => {
  await fillHash();
  const before = await digest(pair.source);
  const stop = new AbortController();
  const options = { limits: SMALL_PIECES, signal: stop.signal, onPiece: () => stop.abort() };
  await expect(pair.move(options)).rejects.toThrow(/abort/i);
  expect(await digest(pair.source)).toEqual(before);
  expect(await pair.move()).toBe(true);
  expect(await digest(pair.target)).toEqual(before);
});

it('in its database', async () => {
  const [source, target] = await pair.connect();
  await all(source, [
    ['SELECT', 5],
    ['SET', KEY, 'value'],
  ]);
  await one(pair.source, 'SET', KEY, 'another one');
  const copied = await copyInPieces(source, target, 5, KEY, TEMPORARY_KEY);
  expect(await finishPieces(copied!)).toBe(true);
  expect(await one(target, 'GET', KEY)).toBe('value');
  expect(await one(pair.source, 'GET', KEY)).toBe('another one');
  expect(await one(pair.target, 'DBSIZE')).toBe(0);
  source.close();
  target.close();
});

it('fields of a hash keep the moment at which they expire, where servers know such a thing', async (context) => {
  await fillHash();
  const set = ['HPEXPIREAT', KEY, `${Date.now() + 500_000}`, 'FIELDS', '2', 'field:1', 'field:50'];
  const [known] = await pair.source.pipeline([set]);
  if (known!.type === 'error') return context.skip();
  const names = FIELDS.map(([name]) => name!);
  const times = (server: ServerConnection) =>
    one(server, 'HPEXPIRETIME', KEY, 'FIELDS', names.length, ...names);
  await one(pair.source, 'HPEXPIRE', KEY, '1', 'FIELDS', '2', 'field:7', 'field:8');
  await eventually('two have expired', async () => {
    return ((await times(pair.source)) as number[]).filter((time) => time === -2).length === 2;
  });
  const before = await times(pair.source);
  expect(await pair.move()).toBe(true);
  expect(await times(pair.target)).toEqual(before);
  expect(await one(pair.target, 'HLEN', KEY)).toBe(58);

  await pair.clear();
  await one(pair.source, 'HSET', KEY, 'field', 'value');
  await one(pair.source, 'HPEXPIRE', KEY, '1', 'FIELDS', '1', 'field');
  expect(await pair.move()).toBe(false);
});

it('a field that has expired before it was read is not taken for a lost one', async (context) => {
  await one(pair.source, 'HSET', KEY, 'field', 'value', 'other', 'value');
  const expire = ['HPEXPIRE', KEY, '1', 'FIELDS', '1', 'field'];
  const [known] = await pair.source.pipeline([expire]);
  if (known!.type === 'error') return context.skip();
  // The field is counted for up to a second.
  await one(pair.source, 'CONFIG', 'SET', 'hz', '1');
  try {
    await eventually('it cannot be read', async () => {
      return (await one(pair.source, 'HEXISTS', KEY, 'field')) === 0;
    });
    expect(await pair.move()).toBe(true);
    expect(await one(pair.target, 'HGETALL', KEY)).toEqual(['other', 'value']);
  } finally {
    await one(pair.source, 'CONFIG', 'SET', 'hz', '10');
  }
});

it('what only a module can take apart is refused', async () => {
  const types = { call: async () => ({ type: 'simple', value: 'ReJSON-RL' }) as const };
  const source = new Proxy(pair.source, {
    get: (_, property) => Reflect.get(property === 'call' ? types : pair.source, property),
  });
  await expect(copyInPieces(source, pair.target, 0, KEY, TEMPORARY_KEY)).rejects.toThrow(
    NotChunkableError,
  );
});
