import type { Random } from '../differential/random.js';
import type { Argument } from '../support/resp-client.js';

export type Command = readonly Argument[];

export const DATABASES = 3;

/**
 * A random command over few keys and databases, of those that make, replace, rename or end keys in
 * every way there is. Many fail, for a key of another type for example: part of the game.
 */
export class CommandMaker {
  readonly #random: Random;
  readonly #keys: number;
  readonly #version: readonly [number, number];
  /** What DUMP says of some string, for RESTORE. */
  readonly #dump: Buffer;

  constructor(
    random: Random,
    options: { keys: number; version: readonly [number, number]; dump: Buffer },
  ) {
    this.#random = random;
    this.#keys = options.keys;
    this.#version = options.version;
    this.#dump = options.dump;
  }

  key(): string {
    const number = this.#random.whole(0, this.#keys - 1);
    const kind = this.#random.next();
    if (kind < 0.3) return `k{t${number % 7}}${number}`;
    if (kind < 0.35) return `e{}${number}`;
    if (kind < 0.4) return `{un${number}`;
    return `k${number}`;
  }

  next(): Command {
    const command = this.#random.pick(FORMS)(this.key(), this.key(), this.key(), this);
    return command.map((argument) => (argument === DUMP ? this.#dump : argument));
  }

  /** One that touches whole databases, or the whole server. */
  rare(): Command {
    return this.#random.pick([
      ['FLUSHDB'],
      ['FLUSHDB', 'ASYNC'],
      ['FLUSHALL'],
      ['FLUSHALL', 'ASYNC'],
      ['SWAPDB', 0, 1],
      ['SWAPDB', 1, 2],
      ['SWAPDB', 0, 2],
      ['DEBUG', 'RELOAD'],
      // Redis 6.2 does not tell of keys that this makes.
      ...(this.isBelow7 ? [] : [['DEBUG', 'POPULATE', 50, 'pop']]),
      // From 7.2 on this crashes the server if any module listens for deleted keys.
      ...(this.#version.join('.') === '7.0' ? [RELOAD_OVER_WHAT_IS_THERE] : []),
    ]);
  }

  get isBelow7(): boolean {
    return this.#version[0] < 7;
  }

  /** Seconds. Redis 6.2 takes a millisecond for 0, which is for ever. */
  get timeout(): string {
    return this.isBelow7 ? '0.01' : '0.001';
  }

  database(): number {
    return this.#random.whole(0, DATABASES - 1);
  }

  /** 0 to 4. */
  digit(): number {
    return this.#random.whole(0, 4);
  }

  shortMs(): number {
    return this.#random.whole(1, 50);
  }
}

const DUMP = '\0dump';
const RELOAD_OVER_WHAT_IS_THERE = ['DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE'];

const SET_DELETE_RENAME =
  "redis.call('set',KEYS[1],1) redis.call('del',KEYS[2]) return redis.call('rename',KEYS[1],KEYS[2])";
const EXPIRES_IN_SCRIPT =
  "redis.call('set',KEYS[1],1,'px',1) local x=0 for i=1,20000 do x=x+1 end return redis.call('get',KEYS[1])";

type Form = (a: string, b: string, c: string, make: CommandMaker) => Command;

const FORMS: readonly Form[] = [
  (_a, _b, _c, m) => ['SELECT', m.database()],
  // Strings
  (a, _b, _c, m) => ['SET', a, m.digit()],
  (a, _b, _c, m) => ['SET', a, m.digit(), 'PX', m.shortMs()],
  (a, _b, _c, m) => ['SETNX', a, m.digit()],
  (a, _b, _c, m) => ['PSETEX', a, m.shortMs(), m.digit()],
  (a, _b, _c, m) => ['GETSET', a, m.digit()],
  (a) => ['GETDEL', a],
  (a) => ['GETEX', a, 'PXAT', 1],
  (a, _b, _c, m) => ['GETEX', a, 'PX', m.shortMs()],
  (a) => ['INCR', a],
  (a) => ['APPEND', a, 'x'],
  (a) => ['SETRANGE', a, 3, 'zz'],
  (a) => ['SETBIT', a, 7, 1],
  (a) => ['BITFIELD', a, 'SET', 'u8', 0, 7],
  (a, b) => ['MSET', a, 1, b, 2],
  (a, b) => ['MSETNX', a, 1, b, 2],
  (a, b, c) => ['BITOP', 'AND', a, b, c],
  (a, _b, _c, m) => ['PFADD', a, m.digit()],
  (a, b) => ['PFMERGE', a, b],
  // Keys
  (a, b) => ['DEL', a, b],
  (a, b) => ['UNLINK', a, b],
  (a, b) => ['RENAME', a, b],
  (a, b) => ['RENAMENX', a, b],
  (a, b) => ['COPY', a, b],
  (a, b) => ['COPY', a, b, 'REPLACE'],
  (a, b, _c, m) => ['COPY', a, b, 'DB', m.database(), 'REPLACE'],
  (a, _b, _c, m) => ['MOVE', a, m.database()],
  (a) => ['EXPIRE', a, 0],
  (a) => ['EXPIRE', a, -1],
  (a, _b, _c, m) => ['PEXPIRE', a, m.shortMs()],
  (a) => ['PEXPIREAT', a, 1],
  (a) => ['PERSIST', a],
  (a) => ['GET', a],
  (a, b) => ['EXISTS', a, b],
  (a) => ['TOUCH', a],
  (a) => ['DUMP', a],
  () => ['RANDOMKEY'],
  (a) => ['RESTORE', a, 0, DUMP, 'REPLACE'],
  (a) => ['RESTORE', a, 1, DUMP, 'REPLACE', 'ABSTTL'],
  (a, _b, _c, m) => ['RESTORE', a, m.shortMs(), DUMP],
  (a, b) => ['SORT', a, 'BY', 'nosort', 'STORE', b],
  (a, b) => ['SORT', a, 'STORE', b],
  // Lists
  (a, _b, _c, m) => ['LPUSH', a, m.digit(), m.digit()],
  (a, _b, _c, m) => ['RPUSH', a, m.digit()],
  (a) => ['LPOP', a],
  (a) => ['RPOP', a, 3],
  (a) => ['LTRIM', a, 5, 1],
  (a, _b, _c, m) => ['LREM', a, 0, m.digit()],
  (a, b) => ['RPOPLPUSH', a, b],
  (a, b) => ['LMOVE', a, b, 'LEFT', 'RIGHT'],
  (a, b) => ['LMPOP', 2, a, b, 'LEFT', 'COUNT', 9],
  (a, b, _c, m) => ['BLPOP', a, b, m.timeout],
  (a, b, _c, m) => ['BLMOVE', a, b, 'LEFT', 'LEFT', m.timeout],
  // Sets
  (a, _b, _c, m) => ['SADD', a, m.digit(), m.digit()],
  (a, _b, _c, m) => ['SREM', a, m.digit(), m.digit()],
  (a) => ['SPOP', a],
  (a) => ['SPOP', a, 9],
  (a, b, _c, m) => ['SMOVE', a, b, m.digit()],
  (a, b, c) => ['SINTERSTORE', a, b, c],
  (a, b, c) => ['SUNIONSTORE', a, b, c],
  (a, b, c) => ['SDIFFSTORE', a, b, c],
  // Hashes
  (a, _b, _c, m) => ['HSET', a, m.digit(), m.digit()],
  (a) => ['HDEL', a, 0, 1, 2, 3, 4],
  (a, _b, _c, m) => ['HINCRBY', a, m.digit(), 1],
  // Redis 7.4: a hash can lose its last field, and so end, by itself.
  (a, _b, _c, m) => ['HPEXPIRE', a, m.shortMs(), 'FIELDS', 5, 0, 1, 2, 3, 4],
  // Sorted sets
  (a, _b, _c, m) => ['ZADD', a, m.digit(), m.digit()],
  (a, _b, _c, m) => ['ZREM', a, m.digit()],
  (a) => ['ZPOPMIN', a, 3],
  (a) => ['ZREMRANGEBYRANK', a, 0, -1],
  (a) => ['ZREMRANGEBYSCORE', a, '-inf', '+inf'],
  (a, b, c) => ['ZUNIONSTORE', a, 2, b, c],
  (a, b, c) => ['ZINTERSTORE', a, 2, b, c],
  (a, b, c) => ['ZDIFFSTORE', a, 2, b, c],
  (a, b) => ['ZRANGESTORE', a, b, 0, -1],
  (a, b) => ['ZRANGESTORE', a, b, 5, 1],
  (a) => ['ZMPOP', 1, a, 'MIN', 'COUNT', 9],
  (a, _b, _c, m) => ['GEOADD', a, 13, 38, m.digit()],
  (a, b) => ['GEORADIUS', a, 15, 37, 200, 'km', 'STORE', b],
  (a, b) => ['GEOSEARCHSTORE', a, b, 'FROMLONLAT', 15, 37, 'BYRADIUS', 1, 'm'],
  // Streams
  (a, _b, _c, m) => ['XADD', a, '*', 'f', m.digit()],
  (a) => ['XGROUP', 'CREATE', a, 'g', '$', 'MKSTREAM'],
  (a) => ['XTRIM', a, 'MAXLEN', 0],
  (a) => ['XGROUP', 'DESTROY', a, 'g'],
  // Scripts
  (a, b) => ['EVAL', SET_DELETE_RENAME, 2, a, b],
  (a) => ['EVAL', EXPIRES_IN_SCRIPT, 1, a],
  // Ours
  (a) => ['SLOTSRESTORE', a, 0, DUMP],
  (a, _b, _c, m) => ['SLOTSRESTORE', a, m.shortMs(), DUMP, `${a}2`, 0, DUMP],
  (_a, _b, _c, m) => ['SLOTSDEL', 200 * m.digit()],
];

export const FORM_COUNT = FORMS.length;
