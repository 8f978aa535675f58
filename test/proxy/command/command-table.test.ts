import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCommandData, writeCommandData } from '../../../proxy/command/command-data.js';
import { readCommandData } from '../../../proxy/command/command-data-reader.js';
import { POLICIES } from '../../../proxy/command/command-routes.js';
import { arityFits, type CommandRow } from '../../../proxy/command/command-row.js';
import {
  GENERATED_COMMANDS,
  GENERATED_FROM_VERSION,
} from '../../../proxy/command/command-rows.generated.js';
import { COMMAND_COUNT, COMMAND_ROWS } from '../../../proxy/command/command-rows.js';
import { lookup, resolveSubcommand } from '../../../proxy/command/command-table.js';
import { LOCAL_COMMANDS } from '../../../proxy/command/local/answer-local.js';
import { OPERATIONS } from '../../../proxy/operation/operations.js';
import { decodeReply, type Plain, toPlain } from '../../../resp/decode.js';
import { frameArguments } from '../../support/command-arguments.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

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

const allRows = COMMAND_ROWS.flatMap((row) => [row, ...row.subcommands]);

function find(...args: string[]): CommandRow | null {
  const { bytes, argStarts, argEnds, argCount } = frameArguments(args);
  const row = lookup(bytes, argStarts[0]!, argEnds[0]!);
  return row && resolveSubcommand(row, bytes, argStarts, argEnds, argCount);
}

async function ask(...args: string[]): Promise<Plain> {
  return toPlain(decodeReply(await client.call(...args))!.value);
}

test('the generated rows are what the installed server says', async () => {
  const installed = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  const commands = readCommandData(await ask('COMMAND'), await ask('COMMAND', 'DOCS'));
  // Another server knows other commands; the file was made from this one.
  if (installed.includes(`v=${GENERATED_FROM_VERSION} `)) {
    expect(writeCommandData(commands)).toBe(GENERATED_COMMANDS.trim());
  }
  expect(parseCommandData(writeCommandData(commands))).toEqual(commands);
});

test('every command is found by its name in any case, and nothing else is', () => {
  for (const row of COMMAND_ROWS) {
    expect(find(row.name)).toBe(row);
    expect(find(row.name.toUpperCase())).toBe(row);
    for (const [index, letter] of [...row.name].entries()) {
      const changed = String.fromCharCode(letter.charCodeAt(0) ^ 0x40);
      const name = row.name.slice(0, index) + changed + row.name.slice(index + 1);
      expect(find(name)).toBe(COMMAND_ROWS.find((other) => other.name === name) ?? null);
    }
  }
  expect(find('')).toBeNull();
  expect(find('client|id')).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
      const known = COMMAND_ROWS.find((row) => row.name === name.toLowerCase());
      expect(find(name)).toBe(known ?? null);
    }),
  );
});

test('subcommands are found through their container', () => {
  expect(find('CLIENT', 'GetName')?.name).toBe('client|getname');
  expect(find('xgroup', 'CREATE')?.name).toBe('xgroup|create');
  expect(find('command')?.name).toBe('command');
  expect(find('client')?.name).toBe('client');
  expect(find('client', 'nosuch')).toBeNull();
  expect(find('client', 'pause')).toBeNull();
  expect(find('get', 'anything')?.name).toBe('get');
});

test('rows have dense indexes and one shape', () => {
  expect(allRows.map((row) => row.index).sort((a, b) => a - b)).toEqual(
    Array.from({ length: COMMAND_COUNT }, (_, index) => index),
  );
  const shapes = new Set(allRows.map((row) => Object.keys(row).join()));
  expect(shapes.size).toBe(1);
});

test('every policy names a command; every local row has its answer', () => {
  const refused = COMMAND_ROWS.filter((row) => row.route === 'refused').map((row) => row.name);
  const names = new Set(allRows.map((row) => row.name));
  for (const name of Object.keys(POLICIES)) expect(names).toContain(name);
  const local = allRows.filter((row) => row.route === 'local').map((row) => row.name);
  expect([...LOCAL_COMMANDS.keys()].sort()).toEqual([...local, 'command'].sort());
  const operations = allRows
    .filter((row) => row.route === 'operation' || /^(no-block|while-busy|logs-in)$/.test(row.guard))
    .map((row) => row.name);
  expect([...OPERATIONS.keys()].sort()).toEqual([...operations, 'unknown'].sort());
  expect(refused).toContain('migrate');
});

test('each route has the keys it needs', () => {
  for (const row of allRows) {
    if (row.route === 'key') {
      expect(row.firstKey, row.name).toBeGreaterThan(0);
      expect(row.firstKey, row.name).toBeLessThan(Math.abs(row.arity));
    }
    expect(row.hasOneKey, row.name).toBe(row.route === 'key');
    if (row.subcommands.length > 0) expect(row.route, row.name).toBe('container');
    const guarded = /^(while-busy|logs-in)$/.test(row.guard) ? 'local' : 'keys';
    if (row.guard !== 'none') expect(row.route, row.name).toBe(guarded);
  }
  expect(find('get')).toMatchObject({ route: 'key', firstKey: 1, isReadOnly: true });
  expect(find('object', 'encoding')).toMatchObject({ route: 'key', firstKey: 2 });
  expect(find('set')).toMatchObject({ route: 'key', isWrite: true });
  expect(find('bitop')).toMatchObject({ route: 'keys', firstKey: 2 });
  expect(find('zunionstore')).toMatchObject({ route: 'keys', firstKey: 1 });
  expect(find('eval')).toMatchObject({ route: 'keys', isWrite: true, firstKey: 0 });
  expect(find('eval_ro')).toMatchObject({ route: 'keys', isReadOnly: true });
  expect(find('mget')?.route).toBe('split-mget');
  expect(find('del')?.route).toBe('split-sum');
  expect(find('auth')?.needsNoAuth).toBe(true);
});

// What a single server, or a connection of one's own, must answer: refused for the time being.
const REFUSED = `bgrewriteaof bgsave blmovem debug failover lastsave migrate move psync
  replconf replicaof restore-asking save shutdown slaveof swapdb sync`;

test('exactly these commands are refused', () => {
  const refused = COMMAND_ROWS.filter((row) => row.route === 'refused').map((row) => row.name);
  expect(refused).toEqual(REFUSED.split(/\s+/));
});

test('the arity rule is that of Redis', () => {
  expect(arityFits(find('get')!, 2)).toBe(true);
  expect(arityFits(find('get')!, 3)).toBe(false);
  expect(arityFits(find('set')!, 2)).toBe(false);
  expect(arityFits(find('set')!, 9)).toBe(true);
});
