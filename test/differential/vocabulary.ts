import type { Argument } from '../support/resp-client.js';
import type { Random } from './random.js';

/** Of these the keys are made that go together, one slot each; the last one is a key as it is. */
const TAGS = ['{a}', '{b}', '{user:1}', '{\xff\x00}', '{a long tag with spaces}', 'x{é}y', ''];

const KEY_TYPES: readonly string[] = [
  ...['str', 'num', 'bits', 'hash', 'list', 'nums', 'set', 'nums2', 'zset', 'geo', 'hll', 'stream'],
];

// Commands about these keep to themselves. Ranges by name over a sorted set with different scores
// are left to chance, namely to the levels of its skip list.
const OTHER_TYPES = ['big', 'lex'];

type Maker = (random: Random) => Argument | Argument[];

const LARGE_BYTES = 100_000;
const FAR = Math.floor(Date.now() / 1000) + 1_000_000;

const SCRIPTS = [
  'return {KEYS[1], ARGV[1], #KEYS}',
  "return redis.call('set', KEYS[1], ARGV[1])",
  "return redis.call('get', KEYS[1])",
  "return redis.pcall('lpush', KEYS[1], ARGV[1])",
  "return {1, {2, 'x', false}, true}",
  "return redis.error_reply('MY error')",
  "error('boom')",
  'this is no Lua',
];

const WORDS: { readonly [word: string]: Maker } = {
  val: (random) => {
    if (random.oneIn(250)) return random.bytes(random.whole(1, LARGE_BYTES));
    return random.pick<() => Argument>([
      () => random.whole(-5, 100),
      () => `v${random.whole(0, 20)}`,
      () => 'ohmytext',
      () => 'mynewtext',
      () => '',
      () => random.bytes(random.whole(0, 40)),
      () => '\r\n$5\r\nHELLO\r\n',
      () => 'x'.repeat(random.whole(30, 200)),
    ])();
  },
  int: (random) =>
    random.oneIn(20)
      ? random.pick(['9223372036854775807', '-9223372036854775808', '1.5', 'abc', '', ' 1', '01'])
      : random.whole(-20, 40),
  float: (random) => random.pick(['1.5', '-0.25', '3', '1e3', 'inf', 'nan', 'x', '0.1']),
  count: (random) => (random.oneIn(15) ? random.pick(['-1', 'x', '0']) : random.whole(1, 12)),
  index: (random) => (random.oneIn(30) ? 'x' : random.whole(-12, 12)),
  offset: (random) => (random.oneIn(20) ? -1 : random.whole(0, 300)),
  bit: (random) => (random.oneIn(20) ? random.pick(['-1', 'x']) : random.whole(0, 2000)),
  ttl: (random) => random.pick([100_000, 500_000, 100_000, 0, -1, 'x', '9223372036854775807']),
  msttl: (random) => random.pick([100_000_000, 500_000_000, 0, -1, 'x']),
  at: (random) => random.pick([FAR, FAR + 5000, 1, 'x']),
  msat: (random) => random.pick([FAR * 1000, FAR * 1000 + 5001, 1]),
  field: (random) => `f${random.whole(0, 12)}`,
  numfield: (random) => `n${random.whole(0, 3)}`,
  // No zero bytes: SORT ALPHA compares up to the first one, and then leaves the order open.
  member: (random) =>
    random.oneIn(10) ? Buffer.from([0xff, 0x0d, random.whole(1, 9)]) : `m${random.whole(0, 25)}`,
  bigmember: (random) => `member number ${random.whole(0, 500)}`,
  score: (random) =>
    random.oneIn(20)
      ? random.pick(['inf', '-inf', 'nan', 'x', '1e300'])
      : random.whole(-10, 10) / random.pick([1, 2, 3]),
  minscore: (random) => random.pick(['-inf', '-5', '(0', '1', 'x', '-1.5']),
  maxscore: (random) => random.pick(['+inf', '5', '(3', '1', '0']),
  minlex: (random) => random.pick(['-', '[m1', '(m2', '[', 'x', '[m10']),
  maxlex: (random) => random.pick(['+', '[m9', '(m20', '-', '[m3']),
  pattern: (random) => random.pick(['*', 'm1*', '?1', 'f[0-5]', '', '[^m]*']),
  lon: (random) => (random.oneIn(20) ? 181 : random.whole(-1800, 1800) / 100),
  lat: (random) => (random.oneIn(20) ? 'x' : random.whole(-850, 850) / 100),
  radius: (random) => random.pick([100, 1000, 5000, '0.5', '-1', 'x']),
  unit: (random) => random.pick(['km', 'm', 'mi', 'ft', 'KM', 'parsec']),
  id: (random) =>
    random.oneIn(15)
      ? random.pick(['0', 'x', '1-x', '0-0', '5-*'])
      : `${random.whole(1, 60)}-${random.whole(0, 3)}`,
  minid: (random) => random.pick(['-', '0', '5', '(10-1', '20']),
  maxid: (random) => random.pick(['+', '40', '(30', '15-2', '9999']),
  group: (random) => random.pick(['g1', 'g2', 'STREAMS']),
  consumer: (random) => random.pick(['c1', 'c2', 'streams']),
  nosort: () => 'nosort',
  script: (random) => random.pick(SCRIPTS),
  nosuch: () => 'nosuch',
  nonsense: (random) => random.pick(['nosuch', 'GETT', 'client|id', '', 'x'.repeat(140), 'G\0T']),
};

/** Words for a count followed by that many keys. */
const COUNTED: { readonly [word: string]: readonly string[] } = {
  numlists: ['list'],
  numsets: ['set', 'nums2'],
  numzsets: ['zset', 'geo', 'set'],
  numstrs: ['str', 'num'],
};

/** Makes the words of one command after another. */
export class Vocabulary {
  readonly #random: Random;
  readonly #payloads: readonly Buffer[];
  #tag = '';

  /** @param payloads what DUMP gave, for RESTORE. */
  constructor(random: Random, payloads: readonly Buffer[]) {
    this.#random = random;
    this.#payloads = payloads;
  }

  /** The keys of the next command are of one slot. */
  beginCommand(): void {
    this.#tag = this.#random.pick(TAGS);
  }

  /** What a word in small letters stands for. */
  make(word: string): Argument[] {
    const random = this.#random;
    if (word.startsWith('*')) return [this.#key(word.slice(1), random.pick(TAGS))];
    const counted = COUNTED[word];
    if (counted) {
      const count = random.whole(1, 3);
      const keys = Array.from({ length: count }, () => this.#key(random.pick(counted)));
      // Now and then Redis is told of more keys than there are, or of fewer.
      const told = random.oneIn(25) ? random.pick([0, 9, -1, 'x', count - 1]) : count;
      return [told, ...keys];
    }
    if (word === 'payload') {
      return [random.oneIn(20) ? random.bytes(20) : random.pick(this.#payloads)];
    }
    const maker = WORDS[word];
    return maker ? [maker(random)].flat() : [this.#key(word)];
  }

  #key(type: string, tag?: string): Buffer {
    const random = this.#random;
    const isOther = OTHER_TYPES.includes(type);
    const isAny = type === 'any' || (random.oneIn(25) && !isOther);
    const name = isAny ? random.pick(KEY_TYPES) : type;
    if (!isOther && !KEY_TYPES.includes(name)) throw new Error(`no such word: ${type}`);
    // A key out of another slot, once in a while.
    const chosen = tag ?? (random.oneIn(60) ? random.pick(TAGS) : this.#tag);
    return Buffer.from(keyName(chosen, name, random.whole(1, 3)), 'latin1');
  }
}

/** Without a tag every number is a slot of its own; there is one, so that two keys may go together. */
function keyName(tag: string, type: string, number: number): string {
  return tag === '' ? `plain:${type}` : `${tag}${type}${number}`;
}

/** Every key that commands may be about. */
export function allKeys(): Buffer[] {
  return TAGS.flatMap((tag) =>
    [...KEY_TYPES, ...OTHER_TYPES].flatMap((type) =>
      [1, 2, 3].map((number) => keyName(tag, type, number)),
    ),
  ).map((name) => Buffer.from(name, 'latin1'));
}
