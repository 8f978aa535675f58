import { lookup } from '../../proxy/command/command-table.js';
import type { MicroCase } from './micro-case.js';

const NAMES = 16;

function lookingUp(name: string, commands: readonly string[]): MicroCase {
  const words = Array.from({ length: NAMES }, (_, index) => commands[index % commands.length]!);
  const bytes = Buffer.from(words.join(''));
  const starts = new Int32Array(NAMES);
  const ends = new Int32Array(NAMES);
  let at = 0;
  for (const [index, word] of words.entries()) {
    starts[index] = at;
    at += word.length;
    ends[index] = at;
  }
  return {
    name,
    run(times) {
      let sum = 0;
      for (let time = 0; time < times; time++) {
        const index = time & (NAMES - 1);
        sum += lookup(bytes, starts[index]!, ends[index]!)?.index ?? 1;
      }
      return sum;
    },
  };
}

export const lookups: readonly MicroCase[] = [
  lookingUp('row of GET and SET', ['GET', 'SET']),
  lookingUp('row of eight commands, in any case', [
    ...['get', 'SET', 'hgetall', 'ZADD', 'expire', 'LPUSH', 'incrby', 'SISMEMBER'],
  ]),
  lookingUp('row of an unknown command', ['nosuch', 'FOOBAR']),
];
