import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output, table, toJson } from '../../config-tool/render.js';

const plain = (text: string) =>
  text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');

test('JSON as Codis printed it: two spaces, keys sorted at every depth', () => {
  const slot = { product_name: 'test', id: 0, state: { status: 'online', last_op_ts: '0' } };
  expect(toJson([slot])).toBe(
    [
      '[',
      '  {',
      '    "id": 0,',
      '    "product_name": "test",',
      '    "state": {',
      '      "last_op_ts": "0",',
      '      "status": "online"',
      '    }',
      '  }',
      ']',
    ].join('\n'),
  );
  expect(toJson({ servers: null })).toBe('{\n  "servers": null\n}');
});

test('columns are as wide as their widest cell, without lines and trailing spaces', () => {
  const shown = table(
    [{ title: 'group' }, { title: 'keys', align: 'right' }, { title: 'state' }],
    [
      ['1', '131', 'online'],
      ['22', '7', ''],
    ],
  );
  expect(plain(shown)).toBe(
    ['GROUP  KEYS  STATE', '1       131  online', '22        7'].join('\n'),
  );
});

test('people read a sentence, programs the same answer as from Codis', () => {
  const written = (isForPeople: boolean) => {
    const stream = new PassThrough();
    new Output(stream, isForPeople).done('group 3 is there');
    return plain(String(stream.read()));
  };
  expect(written(true)).toBe('✓ group 3 is there\n');
  expect(written(false)).toBe('{\n  "msg": "OK",\n  "ret": 0\n}\n');
});
