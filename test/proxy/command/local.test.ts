import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMMAND_ROWS } from '../../../proxy/command/command-rows.js';
import { lookup } from '../../../proxy/command/command-table.js';
import { decide } from '../../../proxy/command/decide.js';
import { answerLocal } from '../../../proxy/command/local/answer-local.js';
import { decodeReply, toPlain } from '../../../resp/decode.js';
import { frameArguments } from '../../support/command-arguments.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type Argument, encodeCommand, RespClient } from '../../support/resp-client.js';
import { FakeClient } from './fake-client.js';

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient();
});

/** What the proxy answers itself; null: it would send the command to a server. */
function answer(...args: Argument[]): string | null {
  const { bytes, argStarts, argEnds, argCount } = frameArguments(args);
  const row = lookup(bytes, argStarts[0]!, argEnds[0]!);
  const decision = decide(row, bytes, argStarts, argEnds, argCount, client);
  // Once the servers have been asked about the user.
  if (decision.type === 'operate' && decision.row.guard === 'logs-in') {
    const reply = answerLocal(decision.row, bytes, argStarts, argEnds, argCount, client);
    return Buffer.from(reply).toString('latin1');
  }
  return decision.type === 'answer' ? decision.reply.toString('latin1') : null;
}

function plain(...args: Argument[]) {
  return toPlain(decodeReply(Buffer.from(answer(...args)!, 'latin1'))!.value);
}

describe('byte for byte as a real server', () => {
  let server: RedisServer;
  let redis: RespClient;

  beforeAll(async () => {
    server = await startRedis();
    redis = await RespClient.connect(server.port);
  });

  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  test.each<[string, ...Argument[]]>([
    ['ping'],
    ['PING', 'hello'],
    ['PING', 'a', 'b'],
    ['PING', Buffer.from([0xff, 0x00, 0x0d, 0x0a])],
    ['ECHO', 'x'],
    ['ECHO'],
    ['ECHO', ''],
    ['ECHO', 'ü€'],
    ['SELECT', '0'],
    ['SELECT', 'x'],
    ['SELECT', '16'],
    ['SELECT', '-1'],
    ['AUTH'],
    ['AUTH', 'x'],
    ['AUTH', 'default', 'x'],
    ['AUTH', 'other', 'x'],
    ['AUTH', 'a', 'b', 'c'],
    ['HELLO', 'x'],
    ['HELLO', '1'],
    ['HELLO', '4'],
    ['HELLO', '2', 'NOSUCH'],
    ['HELLO', '2', 'AUTH', 'a'],
    ['HELLO', '2', 'AUTH', 'other', 'x'],
    ['HELLO', '2', 'SETNAME', 'a b'],
    ['CLIENT'],
    ['client', 'nosuch', 'x'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'GETNAME', 'x'],
    ['CLIENT', 'SETNAME', 'me'],
    ['CLIENT', 'SETNAME', 'a b'],
    ['CLIENT', 'NO-EVICT', 'maybe'],
    ['CLIENT', 'NO-EVICT', 'on'],
    ['CLIENT', 'LIST', 'TYPE', 'strange'],
    ['CLIENT', 'LIST', 'TYPE', 'pubsub'],
    ['CLIENT', 'LIST', 'ID', 'x'],
    ['CLIENT', 'LIST', 'strange'],
    ['CLIENT', Buffer.from('a\0b\r\nc')],
    ['COMMAND', 'nosuch'],
    ['COMMAND', 'COUNT', 'x'],
    ['COMMAND', 'INFO', 'nosuch'],
    ['COMMAND', 'DOCS', 'nosuch'],
    ['COMMAND', 'LIST', 'FILTERBY'],
    ['COMMAND', 'LIST', 'FILTERBY', 'strange', 'x'],
    ['COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'nosuch'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'hgeta*'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', '[^A-Ha-h]EX[a-z]?'],
    ['COMMAND', 'GETKEYS', 'GET', 'a'],
    ['COMMAND', 'GETKEYS', 'GET'],
    ['COMMAND', 'GETKEYS', 'PING'],
    ['COMMAND', 'GETKEYS', 'NOSUCH'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'x', '0'],
    ['COMMAND', 'GETKEYS', 'ZUNION', 'x', 'a'],
    ['COMMAND', 'GETKEYS', 'OBJECT', 'ENCODING', 'a'],
    ['RESET'],
    ['ROLE', 'x'],
    ['TIME', 'x'],
    ['QUIT', 'now'],
    ['GET'],
    ['GET', 'a', 'b'],
    ['mget'],
    ['MSET', 'a'],
    ['MSET', 'a', '1', 'b'],
    ['XGROUP'],
    ['XGROUP', 'CREATE', 'a'],
    ['XGROUP', 'nosuch', 'a'],
    ['OBJECT', 'ENCODING'],
    ['OBJECT', 'encoding', 'a', 'b'],
  ])('%s %s %s %s %s', async (...args) => {
    // On a connection of its own: QUIT ends it.
    const connection = await RespClient.connect(server.port);
    const expected = await connection.text(...args);
    connection.close();
    expect(answer(...args)).toBe(expected);
  });

  test('unknown commands, whatever their bytes and lengths', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const part = fc.oneof(bytes, fc.string(), fc.constantFrom('x'.repeat(127), 'y'.repeat(128)));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (args) => {
        const name = Buffer.from(args[0]!).toString('latin1').toLowerCase();
        fc.pre(!COMMAND_ROWS.some((row) => row.name === name));
        expect(answer(...args)).toBe((await redis.call(...args)).toString('latin1'));
      }),
    );
  });

  test('COMMAND INFO of every served command', async () => {
    const served = COMMAND_ROWS.filter(
      (row) => row.route !== 'refused' && row.route !== 'container',
    ).map((row) => row.name);
    let compared = 0;
    for (const name of served) {
      const theirs = await redis.text('COMMAND', 'INFO', name);
      // Younger than the server.
      if (/^\*1\r\n[*$]-1\r\n$/.test(theirs)) continue;
      compared++;
      // They take WITHSCORE since Redis 7.2.
      const newest = /^z(rev)?rank$/.test(name) ? theirs.replace(':3\r\n', ':-3\r\n') : theirs;
      expect(answer('COMMAND', 'INFO', name), name).toBe(newest);
    }
    expect(compared).toBeGreaterThan(150);
  });

  test('COMMAND INFO in RESP3', async () => {
    client = new FakeClient('', 3);
    const connection = await RespClient.connect(server.port);
    await connection.call('HELLO', '3');
    const names = ['get', 'xread', 'zunionstore', 'sort'];
    expect(answer('COMMAND', 'INFO', ...names)).toBe(
      await connection.text('COMMAND', 'INFO', ...names),
    );
    connection.close();
  });

  test('a password is asked for, and taken', async () => {
    const locked = await startRedis(['--requirepass', 'sécret']);
    const connection = await RespClient.connect(locked.port);
    client = new FakeClient('sécret');
    const script: Argument[][] = [
      ['PING'],
      ['GET', 'a'],
      ['GET'],
      ['NOSUCH', 'a'],
      ['HELLO'],
      ['HELLO', '2'],
      ['HELLO', '3', 'AUTH', 'default', 'wrong'],
      ['HELLO', '2', 'AUTH', 'default', 'wrong'],
      ['AUTH', 'wrong'],
      ['AUTH', 'sécret '],
      ['AUTH', 'default', 'wrong'],
      ['AUTH', 'Default', 'sécret'],
      ['AUTH', 'default', 'sécret'],
      ['PING'],
      ['RESET'],
      ['PING'],
      ['AUTH', 'sécret'],
      ['PING'],
    ];
    for (const args of script) {
      expect(answer(...args), String(args)).toBe(await connection.text(...args));
    }
    connection.close();
    await locked.stop();
  });
});

test('the fields of HELLO', () => {
  expect(plain('HELLO', '2', 'SETNAME', 'me')).toEqual([
    ...['server', 'redis', 'version', '7.0.15', 'proto', 2, 'id', 7],
    ...['mode', 'standalone', 'role', 'master', 'modules', []],
  ]);
  expect(client.clientName).toBe('me');
});

test('HELLO and SELECT choose the protocol and the database, RESET takes them back', () => {
  expect(answer('HELLO', '3')).toMatch(/^%7\r\n/);
  expect(answer('HELLO')).toMatch(/^%7\r\n.*proto\r\n:3\r\n/s);
  expect(answer('SELECT', '15')).toBe('+OK\r\n');
  expect(client).toMatchObject({ protocol: 3, database: 15 });
  expect(answer('COPY', '{t}a', '{t}b', 'DB', '15')).toBeNull();
  expect(answer('COPY', '{t}a', '{t}b', 'DB', '0')).toMatch(/^-ERR Copying to another database/);
  expect(answer('RESET')).toBe('+RESET\r\n');
  expect(client).toMatchObject({ protocol: 2, database: 0 });
});

test('CLIENT notes what a client says of itself', () => {
  expect(answer('CLIENT', 'ID')).toBe(':7\r\n');
  expect(answer('CLIENT', 'SETINFO', 'lib-name', 'ioredis(x)')).toBe('+OK\r\n');
  expect(answer('CLIENT', 'SETINFO', 'LIB-VER', '5.0')).toBe('+OK\r\n');
  expect(answer('CLIENT', 'SETINFO', 'LIB-VER', 'a b')).toBe(
    '-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n',
  );
  expect(answer('CLIENT', 'SETINFO', 'NOSUCH', 'x')).toBe("-ERR Unrecognized option 'NOSUCH'\r\n");
  answer('CLIENT', 'SETNAME', 'me');
  answer('CLIENT', 'NO-TOUCH', 'ON');
  const line = plain('CLIENT', 'INFO');
  expect(line).toMatch(/^id=7 addr=127.0.0.1:50000 laddr=127.0.0.1:19000 fd=0 name=me age=0 /);
  expect(line).toMatch(/ flags=T db=0 .* resp=2 lib-name=ioredis\(x\) lib-ver=5.0\n$/);
  expect(plain('CLIENT', 'LIST', 'ID', '7')).toMatch(/^id=7 /);
  expect(plain('CLIENT', 'LIST', 'ID', '8', '9')).toBe('');
  answer('RESET');
  expect(client).toMatchObject({ clientName: '', noTouch: false, libName: 'ioredis(x)' });
});

test('QUIT closes after its reply', () => {
  expect(answer('QUIT')).toBe('+OK\r\n');
  expect(client.isClosing).toBe(true);
});

test('TIME is now, in seconds and microseconds', () => {
  const [seconds, microseconds] = plain('TIME') as [string, string];
  expect(Math.abs(Number(seconds) * 1000 - Date.now())).toBeLessThan(5000);
  expect(Number(microseconds)).toBeLessThan(1_000_000);
});

test('COMMAND tells of served commands only', () => {
  const names = (plain('COMMAND') as [string][]).map(([name]) => name);
  expect(names).toContain('get');
  expect(names).toContain('hexpire');
  expect(names).not.toContain('psync');
  expect(plain('COMMAND', 'COUNT')).toBe(names.length);
  expect(plain('COMMAND', 'LIST')).toContain('client|getname');
  expect(plain('COMMAND', 'LIST')).not.toContain('client|pause');
  expect(plain('COMMAND', 'INFO', 'psync', 'client|id', 'client|pause')).toEqual([
    null,
    expect.arrayContaining(['client|id', 2]),
    null,
  ]);
  expect(plain('COMMAND', 'DOCS', 'GET', 'psync')).toEqual([
    'get',
    expect.arrayContaining(['summary', 'Get the value of a key', 'since', '1.0.0']),
  ]);
});

test.each([
  ['set k1 v1', [['k1', ['OW', 'update']]]],
  ['set k1 v1 get', [['k1', ['RW', 'access', 'update']]]],
  ['bitfield k get u8 0', [['k', ['RO', 'access']]]],
  [
    'sort k1 by nosort store k2',
    [
      ['k1', ['RO', 'access']],
      ['k2', ['OW', 'update']],
    ],
  ],
  [
    'georadius k 1 1 1 m store d',
    [
      ['k', ['RO', 'access']],
      ['d', ['OW', 'update']],
    ],
  ],
  [
    'xread streams a b 0 0',
    [
      ['a', ['RO', 'access']],
      ['b', ['RO', 'access']],
    ],
  ],
  [
    'lmove a b left right',
    [
      ['a', ['RW', 'access', 'delete']],
      ['b', ['RW', 'insert']],
    ],
  ],
])('COMMAND GETKEYSANDFLAGS %s', (command, expected) => {
  expect(plain('COMMAND', 'GETKEYSANDFLAGS', ...command.split(' '))).toEqual(expected);
});

test('CLUSTER is answered as by a Redis that is no cluster', () => {
  const disabled = '-ERR This instance has cluster support disabled\r\n';
  for (const command of ['CLUSTER INFO', 'CLUSTER SLOTS', 'CLUSTER NODES', 'READONLY', 'ASKING']) {
    expect(answer(...command.split(' '))).toBe(disabled);
  }
  expect(answer('CLUSTER', 'HELP')).toMatch(/^\*/);
});

test('what is sent to servers is not answered', () => {
  for (const command of [['GET', 'a'], ['MGET', 'a', 'b'], ['EVAL', 'x', '0'], ['LOLWUT']]) {
    expect(answer(...command)).toBeNull();
  }
});

test.each([
  ['PSYNC', 'a'],
  ['MIGRATE', 'a'],
])('%s is refused as if it were unknown', (...args) => {
  const shown = args.slice(1).map((arg) => `'${arg}' `);
  expect(answer(...args)).toBe(
    `-ERR unknown command '${args[0]}', with args beginning with: ${shown.join('')}\r\n`,
  );
});

test('keys in several slots are refused, but not where Redis refuses the arguments', () => {
  const crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
  expect(answer('RENAME', 'a', 'b')).toBe(crossSlot);
  expect(answer('SORT', 'a', 'STORE', 'b')).toBe(crossSlot);
  expect(answer('EVAL', 'x', '2', 'a', 'b')).toBe(crossSlot);
  expect(answer('MSETNX', 'a', '1', 'b', '2')).toBe(crossSlot);
  expect(answer('RENAME', 'x{t}', '{t}')).toBeNull();
  expect(answer('EVAL', 'x', '3', 'a', 'b')).toBeNull();
});

test.each([
  ['XREAD BLOCK 0 STREAMS a 0', 'operate'],
  ['XREAD COUNT block STREAMS block 0', 'send'],
  ['XREADGROUP GROUP block block STREAMS a >', 'send'],
  ['XREADGROUP GROUP g c NOACK block 1 STREAMS a >', 'operate'],
])('what waits is told from what does not: %s', (command, type) => {
  const { bytes, argStarts, argEnds, argCount } = frameArguments(command.split(' '));
  const row = lookup(bytes, argStarts[0]!, argEnds[0]!);
  expect(decide(row, bytes, argStarts, argEnds, argCount, client).type).toBe(type);
});

describe('arguments that are refused', () => {
  const db = '-ERR Copying to another database is not allowed in cluster mode\r\n';
  test.each([
    ['COPY {t}a {t}b DB 0', null],
    ['COPY {t}a {t}b DB 1', db],
    ['COPY {t}a {t}b REPLACE DB 7', db],
    ['COPY {t}a {t}b DB x', null],
    ['SORT a BY nosort GET #', null],
    ['SORT a BY w_*', /^-ERR BY option of SORT denied/],
    ['SORT a GET *', /^-ERR GET option of SORT denied/],
    ['SORT {t}a BY {t}w_* GET {t}v_*->field', null],
    ['SORT {t}a BY {u}w_*', /^-ERR BY option/],
    ['SORT {t}a BY *{t}', /^-ERR BY option/],
    ['SORT {t}a BY {*t}', /^-ERR BY option/],
    ['SORT a LIMIT by *x', null],
    ['SORT_RO a GET x*', /^-ERR GET option/],
  ])('%s', (command, expected) => {
    const reply = answer(...command.split(' '));
    if (expected instanceof RegExp) expect(reply).toMatch(expected);
    else expect(reply).toBe(expected);
  });
});

test('encodeCommand writes what the framer reads', () => {
  expect(encodeCommand(['GET', 'ü']).toString()).toBe('*2\r\n$3\r\nGET\r\n$2\r\nü\r\n');
});
