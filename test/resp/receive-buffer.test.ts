import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameProgress, INCOMPLETE } from '../../resp/frame-progress.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { frameReply } from '../../resp/reply-framer.js';

/** Collects whole replies, as a connection would; keeps views of owned bytes to see them stay. */
class Collector {
  readonly progress = new FrameProgress();
  readonly views: Buffer[] = [];
  stopAfter = Number.POSITIVE_INFINITY;
  readonly buffer = new ReceiveBuffer(this.progress, (bytes, start, end, isOwned) => {
    let at = start;
    while (at < end && this.views.length < this.stopAfter) {
      const next = frameReply(bytes, at, end, this.progress);
      if (next === INCOMPLETE) break;
      const view = bytes.subarray(at, next);
      this.views.push(isOwned ? view : Buffer.from(view));
      at = next;
    }
    return at;
  });

  get texts(): string[] {
    return this.views.map((view) => view.toString('latin1'));
  }
}

function bulk(length: number, fill: string): string {
  return `$${length}\r\n${fill.repeat(length)}\r\n`;
}

/** Feeds the bytes in reads of the given sizes, over and over. */
function feed(collector: Collector, stream: Buffer, sizes: readonly number[]): void {
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = Math.min(sizes[turn % sizes.length]!, stream.length - at);
    const target = collector.buffer.target();
    const count = stream.copy(target, 0, at, at + Math.min(size, target.length));
    collector.buffer.received(count, target);
    at += count;
  }
}

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 200_000 })),
  {
    minLength: 1,
    maxLength: 6,
  },
);
const frame = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((length) => bulk(length, 's')),
  fc.integer({ min: 10_000, max: 300_000 }).map((length) => bulk(length, 'L')),
  fc.integer({ min: 1, max: 3000 }).map((count) => `*${count}\r\n${':7\r\n'.repeat(count)}`),
);

describe('ReceiveBuffer', () => {
  it('gives every frame whole and in order, however the reads cut the stream', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), sizes, (frames, reads) => {
        const collector = new Collector();
        feed(collector, Buffer.from(frames.join(''), 'latin1'), reads);
        expect(collector.texts).toEqual(frames);
        expect(collector.buffer.length).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('takes chunks that came in buffers of their own', () => {
    const frames = [bulk(70_000, 'a'), bulk(3, 'b'), bulk(500_000, 'c'), '+OK\r\n'];
    const collector = new Collector();
    const stream = Buffer.from(frames.join(''));
    for (let at = 0; at < stream.length; at += 65_536) {
      collector.buffer.receivedChunk(stream.subarray(at, at + 65_536));
    }
    expect(collector.texts).toEqual(frames);
  });

  it('keeps what a consumer does not want yet', () => {
    const frames = Array.from({ length: 30_000 }, (_, index) => `:${index}\r\n`);
    const collector = new Collector();
    collector.stopAfter = 10;
    feed(collector, Buffer.from(frames.join('')), [100_000]);
    expect(collector.texts).toEqual(frames.slice(0, 10));
    collector.stopAfter = 20;
    collector.buffer.consumeRest();
    expect(collector.texts).toEqual(frames.slice(0, 20));
    collector.stopAfter = Number.POSITIVE_INFINITY;
    collector.buffer.consumeRest();
    expect(collector.texts).toEqual(frames);
  });

  it('finds bytes again that were read into a place given before', () => {
    const frames = [bulk(100_000, 'a'), bulk(100, 'b'), bulk(90_000, 'c'), bulk(3, 'd')];
    const stream = Buffer.from(frames.join(''));
    const collector = new Collector();
    collector.stopAfter = 0;
    const first = collector.buffer.target();
    collector.buffer.received(stream.copy(first, 0, 0, 120_000), first);
    // As a socket does: the place is asked for after a read, and used at the next one.
    const second = collector.buffer.target();
    collector.stopAfter = Number.POSITIVE_INFINITY;
    collector.buffer.consumeRest();
    for (let at = 120_000, place = second; at < stream.length; place = collector.buffer.target()) {
      const count = stream.copy(place, 0, at);
      collector.buffer.received(count, place);
      at += count;
    }
    expect(collector.texts).toEqual(frames);
  });

  it('takes a value of a round size, with what comes beside it, without moving it', () => {
    const collector = new Collector();
    const stream = Buffer.from(bulk(1024 * 1024, 'a'));
    feed(collector, stream.subarray(0, 500_000), [100_000]);
    const memory = collector.buffer.target().buffer;
    // All but its line end: more than was set aside on its header's word.
    feed(collector, stream.subarray(500_000, -2), [100_000]);
    expect(collector.buffer.target().buffer).toBe(memory);
    feed(collector, stream.subarray(-2), [100_000]);
    expect(collector.texts).toEqual([stream.toString('latin1')]);
  });

  it('does not set memory aside on the word of a header alone', () => {
    const collector = new Collector();
    feed(collector, Buffer.from('$536870912\r\nabc'), [1000]);
    expect(collector.buffer.target().length).toBeLessThanOrEqual(1024 * 1024);
  });
});
