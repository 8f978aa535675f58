import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  KnownScripts,
  MAX_ONE_SCRIPT_BYTES,
} from '../../../../proxy/command/script/known-scripts.js';

function note(scripts: KnownScripts, text: string): string {
  const bytes = Buffer.from(`..${text}..`);
  scripts.note(bytes, 2, bytes.length - 2);
  return createHash('sha1').update(text).digest('hex');
}

test('scripts are found by their sha', () => {
  const scripts = new KnownScripts();
  const sha = note(scripts, 'return 1');
  note(scripts, 'return 1');
  expect(scripts.get(sha)?.body.toString()).toBe('return 1');
  expect(scripts.get(sha)?.load.toString()).toBe(
    '*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n',
  );
  expect(scripts.get('nothing')).toBeNull();
  scripts.clear();
  expect(scripts.get(sha)).toBeNull();
  expect(scripts.bytes).toBe(0);
  note(scripts, 'return 1');
  expect(scripts.get(sha)).not.toBeNull();
});

test('their memory is bounded; those used last stay', () => {
  const scripts = new KnownScripts(100_000);
  const used = note(scripts, 'return "used"');
  const shas = Array.from({ length: 1_000 }, (_, n) => {
    const sha = note(scripts, `return ${n}${' '.repeat(200)}`);
    expect(scripts.get(used)).not.toBeNull();
    expect(scripts.bytes).toBeLessThanOrEqual(100_000);
    return sha;
  });
  expect(scripts.get(shas[0]!)).toBeNull();
  expect(scripts.get(shas.at(-1)!)).not.toBeNull();
  const large = note(scripts, 'x'.repeat(MAX_ONE_SCRIPT_BYTES + 1));
  expect(scripts.get(large)).toBeNull();
});

test('where a script is, is known for the life of a connection', () => {
  const scripts = new KnownScripts();
  const script = scripts.get(note(scripts, 'return 1'))!;
  const holder = { reconnects: 0 };
  expect(script.isAt(holder)).toBe(false);
  script.noteAt(holder);
  expect(script.isAt(holder)).toBe(true);
  expect(script.isAt({ reconnects: 0 })).toBe(false);
  holder.reconnects++;
  expect(script.isAt(holder)).toBe(false);
  script.noteAt(holder);
  script.noteGoneFrom(holder);
  expect(script.isAt(holder)).toBe(false);
});
