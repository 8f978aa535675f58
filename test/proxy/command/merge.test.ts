import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lookup } from '../../../proxy/command/command-table.js';
import { Merge } from '../../../proxy/command/merge.js';
import { Request, type RequestOwner } from '../../../proxy/request.js';

const owner: RequestOwner = { origin: {}, onReply: () => {} };
const merge = new Merge();

/** A part with its reply, which lies between other bytes, as in a buffer that many share. */
function answered(reply: string): Request {
  const name = Buffer.from('mget');
  const request = new Request(owner, lookup(name, 0, name.length)!, 0, 0, 0);
  request.reply = Buffer.from(`+before\r\n${reply}+after\r\n`, 'latin1');
  request.replyStart = '+before\r\n'.length;
  request.replyEnd = request.replyStart + Buffer.byteLength(reply, 'latin1');
  return request;
}

function merged(
  route: 'split-mget' | 'split-mset' | 'split-sum',
  replies: readonly string[],
  runs: readonly number[] = [],
): string {
  merge.make(route, replies.map(answered), runs);
  const text = merge.bytes.toString('latin1', merge.start, merge.end);
  merge.clear();
  return text;
}

const element = fc.oneof(
  fc.constantFrom('$-1\r\n', '_\r\n', '$0\r\n\r\n', ':7\r\n'),
  fc
    .integer({ min: 1, max: 400 })
    .map((length) => `$${length}\r\n${'\r\n$1*'.repeat(80).slice(0, length)}\r\n`),
  fc
    .integer({ min: 60_000, max: 70_000 })
    .map((length) => `$${length}\r\n${'v'.repeat(length)}\r\n`),
);

test('the elements of the parts are put into the order of the keys', () => {
  const keys = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), element), { minLength: 1 });
  fc.assert(
    fc.property(keys, (placed) => {
      // Parts are numbered by their first keys.
      const order = [...new Set(placed.map(([part]) => part))];
      const runs: number[] = [];
      for (const [part] of placed) {
        const index = order.indexOf(part);
        if (runs.at(-2) === index) runs.push(runs.pop()! + 1);
        else runs.push(index, 1);
      }
      const replies = order.map((wanted) => {
        const elements = placed.filter(([part]) => part === wanted).map(([, text]) => text);
        return `*${elements.length}\r\n${elements.join('')}`;
      });
      const whole = `*${placed.length}\r\n${placed.map(([, text]) => text).join('')}`;
      expect(merged('split-mget', replies, runs)).toBe(whole);
    }),
    { numRuns: 200 },
  );
});

test('numbers are added up', () => {
  expect(merged('split-sum', [':1\r\n', ':20\r\n', ':300\r\n'])).toBe(':321\r\n');
});

test('the first of equal replies is the reply', () => {
  expect(merged('split-mset', ['+OK\r\n', '+OK\r\n'])).toBe('+OK\r\n');
});

test('an error of a part is the reply, the first part being asked first', () => {
  const replies = ['*1\r\n$1\r\na\r\n', '-ERR one\r\n', '-ERR two\r\n'];
  expect(merged('split-mget', replies, [0, 1, 1, 1, 2, 1])).toBe('-ERR one\r\n');
  expect(merged('split-sum', [':1\r\n', '-ERR one\r\n'])).toBe('-ERR one\r\n');
  expect(merged('split-mset', ['+OK\r\n', '-ERR one\r\n'])).toBe('-ERR one\r\n');
});

test.each([
  ['split-mget', ['*1\r\n$1\r\na\r\n', '+OK\r\n'], [0, 1, 1, 1]],
  ['split-mget', ['*1\r\n$1\r\na\r\n', '*1\r\n$1\r\nb\r\n'], [0, 1, 1, 2]],
  ['split-mget', ['*1\r\n$9\r\na\r\n', '*1\r\n$1\r\nb\r\n'], [0, 1, 1, 1]],
  ['split-sum', [':1\r\n', '+OK\r\n'], []],
] as const)('%s of %j is refused', (route, replies, runs) => {
  expect(merged(route, replies, runs)).toMatch(/^-ERR .*unexpected form\r\n$/);
});
