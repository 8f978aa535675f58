import { FrameProgress } from '../../resp/frame-progress.js';
import { frameReply } from '../../resp/reply-framer.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { MicroCase } from './micro-case.js';

const FRAMES_IN_A_ROW = 64;

/** Whole frames one after the other, as a pipelining client or server sends them. */
function repeated(frame: string): Buffer {
  return Buffer.from(frame.repeat(FRAMES_IN_A_ROW));
}

function requestFraming(name: string, frame: string): MicroCase {
  const bytes = repeated(frame);
  const framer = new RequestFramer();
  const progress = new FrameProgress();
  return {
    name,
    run(times) {
      let at = 0;
      let sum = 0;
      for (let time = 0; time < times; time++) {
        if (at === bytes.length) at = 0;
        at = framer.frame(bytes, at, bytes.length, progress, true);
        if (at < 0) return Number.NaN;
        sum += framer.argCount;
      }
      return sum;
    },
  };
}

function replyFraming(name: string, frame: string): MicroCase {
  const bytes = repeated(frame);
  const progress = new FrameProgress();
  return {
    name,
    run(times) {
      let at = 0;
      for (let time = 0; time < times; time++) {
        if (at === bytes.length) at = 0;
        at = frameReply(bytes, at, bytes.length, progress);
        if (at < 0) return Number.NaN;
      }
      return at;
    },
  };
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

const KEY = 'key:000000012345';
const VALUE = 'x'.repeat(32);

export const framing: readonly MicroCase[] = [
  requestFraming('frame of GET', command('GET', KEY)),
  requestFraming('frame of SET, 32 bytes', command('SET', KEY, VALUE)),
  requestFraming('frame of MGET, 10 keys', command('MGET', ...Array(10).fill(KEY))),
  replyFraming('frame of +OK', '+OK\r\n'),
  replyFraming('frame of a bulk, 32 bytes', `$32\r\n${VALUE}\r\n`),
  replyFraming('frame of an array of 10 bulks', `*10\r\n${`$32\r\n${VALUE}\r\n`.repeat(10)}`),
];
