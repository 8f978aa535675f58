import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeCommand } from '../support/resp-client.js';
import { Front } from './front.js';

let front: Front;

beforeAll(async () => {
  front = await Front.start();
});

afterAll(() => front.stop());

/** What redis-cli prints, without the last line's end. */
async function cli(args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const { stdout } = await execa('redis-cli', ['-p', String(front.port), ...args], {
    input,
    timeout: 60_000,
  });
  return stdout;
}

test('redis-cli: commands as arguments', async () => {
  expect(await cli(['PING'])).toBe('PONG');
  expect(await cli(['SET', 'greeting', 'hello world'])).toBe('OK');
  expect(await cli(['GET', 'greeting'])).toBe('hello world');
  expect(await cli(['-x', 'SET', 'from-stdin'], 'some text')).toBe('OK');
  expect(await cli(['GET', 'from-stdin'])).toBe('some text');
  expect(await cli(['MSET', front.keys[0]!, '1', front.keys[1]!, '2'])).toBe('OK');
  expect(await cli(['MGET', ...front.keys])).toBe('1\n2');
  expect(await cli(['NOSUCH'])).toMatch(/^ERR unknown command 'NOSUCH'/);
  expect(await cli(['-r', '3', 'INCR', 'counter'])).toBe('1\n2\n3');
  expect(await cli(['INFO', 'replication'])).toContain('role:master');
  expect(await cli(['HSET', 'h', 'f', 'v'])).toBe('1');
  expect(await cli(['--json', '-2', 'HGETALL', 'h'])).toBe('["f","v"]');
});

test('redis-cli: commands line by line, on one connection', async () => {
  const lines = ['SET line 1', 'INCR line', 'LPUSH line x', 'GET line', 'DEL line'];
  expect((await cli([], `${lines.join('\n')}\n`)).split('\n')).toEqual([
    ...['OK', '2', 'WRONGTYPE Operation against a key holding the wrong kind of value', ''],
    ...['2', '1'],
  ]);
});

test('redis-cli --pipe', async () => {
  const count = 20_000;
  const commands = Array.from({ length: count }, (_, index) =>
    encodeCommand(['SET', `pipe:${index}`, `value ${index}`]),
  );
  expect(await cli(['--pipe'], Buffer.concat(commands))).toContain(`errors: 0, replies: ${count}`);
  expect(await cli(['GET', `pipe:${count - 1}`])).toBe(`value ${count - 1}`);
});

test.each([['1'], ['16']])('redis-benchmark, pipeline %s', async (depth) => {
  const { stdout } = await execa(
    'redis-benchmark',
    [
      ...['-p', String(front.port), '-t', 'set,get,mset,lpush', '-n', '5000', '-r', '1000'],
      ...['-c', '20', '-P', depth, '-q', '--csv'],
    ],
    { timeout: 60_000 },
  );
  const tests = [...stdout.matchAll(/^"(SET|GET|LPUSH|MSET \(10 keys\))","([\d.]+)"/gm)];
  expect(tests.map(([, name]) => name)).toEqual(['SET', 'GET', 'LPUSH', 'MSET (10 keys)']);
  for (const [, , requestsPerSecond] of tests) expect(Number(requestsPerSecond)).toBeGreaterThan(0);
});
