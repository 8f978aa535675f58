import { isDeepStrictEqual } from 'node:util';
import { getKeyIndexes, list } from '@ioredis/commands';
import ioredisCommands from '@ioredis/commands/built/commands.json' with { type: 'json' };
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandRow } from '../../../proxy/command/command-row.js';
import { COMMAND_ROWS, commandData } from '../../../proxy/command/command-rows.js';
import { lookup, resolveSubcommand } from '../../../proxy/command/command-table.js';
import { findKeys, KeyPositions, MALFORMED } from '../../../proxy/command/keys.js';
import { decodeReply } from '../../../resp/decode.js';
import { frameArguments } from '../../support/command-arguments.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

const out = new KeyPositions();

function keysOf(...args: string[]): string[] | 'malformed' {
  const { bytes, argStarts, argEnds, argCount } = frameArguments(args);
  const found = lookup(bytes, argStarts[0]!, argEnds[0]!)!;
  const row = resolveSubcommand(found, bytes, argStarts, argEnds, argCount)!;
  const count = findKeys(row, bytes, argStarts, argEnds, argCount, out);
  if (count === MALFORMED) return 'malformed';
  return Array.from(out.positions.subarray(0, count), (index) => args[index]!);
}

function words(text: string): string[] {
  return text.split(' ').map((word) => (word === "''" ? '' : word));
}

describe('where the keys are', () => {
  test.each([
    ['get a', 'a'],
    ['object encoding a', 'a'],
    ['mget a b c', 'a b c'],
    ['mset a 1 b 2', 'a b'],
    ['msetnx a 1 b 2', 'a b'],
    ['mset a 1 b', 'malformed'],
    ['rename a b', 'a b'],
    ['lcs a b LEN', 'a b'],
    ['bitop and dest a b', 'dest a b'],
    ['pfcount a b', 'a b'],
    ['pfmerge a', 'a'],
    ['zunionstore dest 2 a b WEIGHTS 1 2', 'dest a b'],
    ['zunionstore dest 9 a b', 'malformed'],
    ['zunionstore dest x a b', 'malformed'],
    ['zunionstore dest -1 a b', 'malformed'],
    ['zunion 2 a b', 'a b'],
    ['sintercard 2 a b LIMIT 1', 'a b'],
    ['lmpop 2 a b LEFT', 'a b'],
    ['eval script 2 a b argument', 'a b'],
    ['eval script 02 a b', 'malformed'],
    ['fcall name 1 a x', 'a'],
    ['msetex 2 a 1 b 2 EX 9', 'a b'],
    ['copy a b REPLACE', 'a b'],
    ['sort a BY w_* GET # LIMIT 0 1 STORE b', 'a b'],
    ['sort a GET store ALPHA', 'a'],
    ['sort a STORE b STORE c', 'a c'],
    ['sort a STORE', 'malformed'],
    ['sort_ro a STORE b', 'malformed'],
    ['sort a nonsense', 'malformed'],
    ['georadius a 1 2 3 km', 'a'],
    ['georadius a 1 2 3 km STORE b', 'a b'],
    ['georadius a 1 2 3 km STOREDIST b STORE c', 'a c'],
    ['georadiusbymember a store 3 km storedist b', 'a b'],
    ['xread COUNT 2 STREAMS a b 0 0', 'a b'],
    ['xread STREAMS a b 0', 'malformed'],
    ['xread COUNT streams STREAMS a 0', 'a'],
    ['xreadgroup GROUP streams streams NOACK STREAMS a >', 'a'],
    ['xreadgroup COUNT 1 GROUP g c STREAMS streams >', 'streams'],
    ['xreadgroup mistake GROUP streams NOACK STREAMS a >', 'a'],
    ['xreadgroup CLAIM 5 GROUP g c MAXCOUNT 5 STREAMS a >', 'a'],
    ['migrate host 1 a 0 5', 'a'],
    ["migrate host 1 '' 0 5 COPY KEYS a b", 'a b'],
    ["migrate host 1 '' 0 5 AUTH keys KEYS a", 'a'],
    ["migrate host 1 '' 0 5", "''"],
    ['xgroup create a g $', 'a'],
    ['vadd a VALUES 1 0.5 e', 'a'],
  ])('%s -> %s', (command, keys) => {
    const expected = keys === 'malformed' ? keys : words(keys);
    expect(keysOf(...words(command))).toEqual(expected);
  });

  test('scripts may have no keys', () => {
    expect(keysOf('eval', 'return 1', '0', 'x')).toEqual([]);
    expect(keysOf('fcall', 'name', '0')).toEqual([]);
  });

  test('more keys than fit at first', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `k${index}`);
    expect(keysOf('sunion', ...names)).toEqual(names);
  });
});

const SEED = Number(process.env.KEYS_SEED ?? 1);

const rows = COMMAND_ROWS.flatMap((row) =>
  row.subcommands.length > 0
    ? row.subcommands.filter((subcommand) => subcommand.route !== 'refused')
    : [row],
);

// Words that mean something to some command, numbers that may count keys, and keys.
const argument = fc.oneof(
  fc.constantFrom('1', '2', '3', '0', '-1', '01', '1x', '99999999999'),
  fc.constantFrom('STREAMS', 'streams', 'GROUP', 'COUNT', 'NOACK', 'STORE', 'STOREDIST', 'BY'),
  fc.constantFrom('GET', 'LIMIT', 'KEYS', 'AUTH', 'AUTH2', 'ASC', 'ALPHA', 'WITHDIST', 'ANY', ''),
  fc.constantFrom('k1', 'k2', '{t}k3', 'k4'),
);

function commandsOf(row: CommandRow) {
  const least = Math.abs(row.arity) - row.name.split('|').length;
  return fc
    .array(argument, { minLength: least, maxLength: row.arity > 0 ? least : least + 7 })
    .map((args) => [...row.name.split('|'), ...args]);
}

describe('the same keys as COMMAND GETKEYS', () => {
  let server: RedisServer;
  let client: RespClient;

  beforeAll(async () => {
    server = await startRedis();
    client = await RespClient.connect(server.port);
  });

  afterAll(async () => {
    client.close();
    await server.stop();
  });

  async function getKeys(commands: string[][]): Promise<(string[] | 'error')[]> {
    const replies = await client.pipeline(commands.map((args) => ['COMMAND', 'GETKEYS', ...args]));
    return replies.map((reply) => {
      const { value } = decodeReply(reply)!;
      if (value.type !== 'array') return 'error';
      return value.value.map((key) => (key.type === 'bulk' ? key.value.toString() : ''));
    });
  }

  const withKeys = rows.filter(
    (row) =>
      commandData(row).keySpecs.some((spec) => !spec.flags.includes('not_key')) &&
      Number(commandData(row).since.split('.')[0]) < 8 &&
      !commandData(row).since.startsWith('7.4'),
  );

  test('there are enough commands to try', () => {
    expect(withKeys.length).toBeGreaterThan(180);
  });

  test.each(withKeys.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const commands = fc.sample(commandsOf(row), { numRuns: 300, seed: SEED });
    const expected = await getKeys(commands);
    for (const [index, args] of commands.entries()) {
      const ours = keysOf(...args);
      const theirs = expected[index]!;
      // GETKEYS finds no keys in PFMERGE without sources, but the destination is made.
      if (row.name === 'pfmerge' && args.length === 2) continue;
      // GETKEYS finds the first of several STOREs; see the next test.
      if (args.filter((arg) => /^store(dist)?$/i.test(arg)).length > 1) continue;
      // GETKEYS guesses, and so may be wrong about a command that Redis then refuses. Let it say so.
      if (ours === 'malformed' || !isDeepStrictEqual(ours, theirs)) {
        const reply = await client.text(...args);
        expect(reply, `${JSON.stringify(args)} has ${theirs}, not ${ours}`).toMatch(/^-/);
      }
    }
  });

  test('GEORADIUS with several STOREs writes to the last one, whatever GETKEYS says', async () => {
    await client.text('geoadd', 'places', '1', '1', 'here');
    const circle = ['georadius', 'places', '1', '1', '9', 'km'];
    await client.text(...circle, 'STOREDIST', 'first', 'STORE', 'second', 'STOREDIST', 'last');
    expect(await client.text('exists', 'first', 'second')).toBe(':0\r\n');
    expect(await client.text('exists', 'last')).toBe(':1\r\n');
  });
});

describe('@ioredis/commands', () => {
  // Commands it has that we have not, each with the reason.
  const UNKNOWN_TO_US: { readonly [name: string]: string } = {
    backup: 'concerns one server',
    bless: 'BLESS SCAN walks one server; its other subcommands wait for it',
    himport: 'HIMPORT PREPARE leaves state on a connection, which clients share',
    hotkeys: 'concerns one server',
    trimslots: "Redis Cluster's own slots",
  };
  // Keys it sees otherwise, each with the reason.
  const DIFFERENT: { readonly [name: string]: string } = {
    georadius: 'of several STORE and STOREDIST Redis heeds the last',
    georadiusbymember: 'of several STORE and STOREDIST Redis heeds the last',
    migrate: 'without KEYS the key is the empty one, not none',
    sort: 'it counts patterns (BY, GET) as keys; Redis has an error for arguments unknown to SORT',
    sort_ro:
      'it counts patterns (BY, GET) as keys; Redis has an error for arguments unknown to SORT',
    spublish: 'a channel is no key',
    ssubscribe: 'a channel is no key',
    sunsubscribe: 'a channel is no key',
    xreadgroup: 'the first "STREAMS" may be the value of an option, such as the name of a group',
  };

  test('we know every command it knows', () => {
    const unknown = list.filter((name) => !COMMAND_ROWS.some((row) => row.name === name));
    expect(unknown.sort()).toEqual(Object.keys(UNKNOWN_TO_US));
  });

  test('we take as many arguments as it says, of the newest servers', () => {
    const theirs: Readonly<Record<string, { arity: number } | undefined>> = ioredisCommands;
    const known = COMMAND_ROWS.filter(({ name }) => theirs[name] !== undefined);
    expect(known.length).toBeGreaterThan(200);
    for (const { name, arity } of known)
      expect(`${name} ${arity}`).toBe(`${name} ${theirs[name]!.arity}`);
  });

  test.each(rows.map((row) => [row.name, row] as const))('%s', (name, row) => {
    const commands = fc.sample(commandsOf(row), { numRuns: 2000, seed: 1 });
    const differing = commands.find((args) => {
      const ours = keysOf(...args);
      if (ours === 'malformed') return false;
      const theirs = getKeyIndexes(args[0]!, args.slice(1)).map((index) => args[index + 1]!);
      return !isDeepStrictEqual(ours, theirs);
    });
    if (DIFFERENT[name]) expect(differing).toBeDefined();
    else expect(differing, `${differing && keysOf(...differing)}`).toBeUndefined();
  });
});
