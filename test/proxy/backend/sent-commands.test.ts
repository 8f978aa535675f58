import { expect, it } from 'vitest';
import { SentCommands } from '../../../proxy/backend/sent-commands.js';
import { encodeCommand } from '../../support/resp-client.js';

const get = (n: number, padding = 0) => encodeCommand(['GET', `key:${n}${'x'.repeat(padding)}`]);

/** A connection's outlet, as the keeper sees it: commands put, then written. */
class Writer {
  sent = 0;
  readonly kept = new SentCommands(() => this.sent);

  constructor() {
    this.kept.forget();
  }

  /** One turn. */
  write(commands: readonly Buffer[]): void {
    const slab = Buffer.concat(commands);
    this.sent += commands.length;
    this.kept.onWritten(slab, slab.length);
    this.kept.onFlushed();
    slab.fill(0);
  }

  found(answered: number): string[] {
    return this.kept
      .unanswered(answered)
      .map(({ bytes, start, end }) => bytes.toString('latin1', start, end));
  }
}

it('finds what has not been answered, wherever the ring begins', () => {
  const writer = new Writer();
  let next = 0;
  for (let turn = 0; turn < 3_000; turn++) {
    const count = 1 + (turn % 17);
    const commands = Array.from({ length: count }, () => get(next++, turn % 90));
    const expected = commands.map(String);
    writer.write(commands);
    const answered = writer.sent - 1 - (turn % count);
    expect(writer.found(answered)).toEqual(expected.slice(answered - writer.sent));
  }
});

it('finds those of several writes, and their arguments', () => {
  const writer = new Writer();
  writer.write([get(0), get(1)]);
  writer.write([get(2)]);
  const found = writer.kept.unanswered(1);
  expect(writer.found(1)).toEqual([get(1), get(2)].map(String));
  const { bytes, argStarts, argEnds } = found[1]!;
  expect(bytes.toString('latin1', argStarts[1], argEnds[1])).toBe('key:2');
  expect(writer.found(3)).toEqual([]);
});

it('finds nothing across what was not kept, and what comes after it', () => {
  const writer = new Writer();
  writer.write([get(0)]);
  writer.sent++;
  writer.kept.onLargeWritten();
  writer.kept.onFlushed();
  writer.write([get(2)]);
  expect(writer.found(0)).toEqual([]);
  expect(writer.found(1)).toEqual([]);
  expect(writer.found(2)).toEqual([String(get(2))]);
  // Commands that are large on the average are not copied.
  writer.write([get(3, 1_000)]);
  expect(writer.found(2)).toEqual([]);
  writer.write([get(4)]);
  expect(writer.found(4)).toEqual([String(get(4))]);
});

it('finds nothing that has been written over', () => {
  const writer = new Writer();
  for (let n = 0; n < 2_000; n++) writer.write([get(n, 200)]);
  expect(writer.found(0)).toEqual([]);
  expect(writer.found(1_999)).toEqual([String(get(1_999, 200))]);
});
