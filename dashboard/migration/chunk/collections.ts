import type { Value } from '../../../resp/decode.js';
import { RedisReplyError } from '../../errors.js';
import type { CommandPart } from '../server-connection.js';
import { type Command, commandsOf, type KeyCopy, type Pieces } from './copy-line.js';
import { bytesOf, integerOf, listOf, textOf } from './replies.js';

/**
 * A string is written by one SET whose value arrives in pieces. To make it grow with SETRANGE is what
 * stops the target: time and again it copies what there is to where there is more room, up to
 * half a second for 500 MB.
 */
export async function* stringPieces(copy: KeyCopy): Pieces {
  const { source, target, key, temporaryKey } = copy;
  const length = Number(integerOf(await source.server.call(['STRLEN', key])));
  await target.server.callInPieces(['SET', temporaryKey], length, ranges(copy, length));
  // Nothing is left to be written.
  yield [];
}

async function* ranges({ source, key, size, afterPiece }: KeyCopy, length: number) {
  for (let at = 0; at < length; ) {
    const most = Math.min(size.limits.bytes, length - at);
    const range = [String(at), String(at + most - 1)];
    const piece = bytesOf(await source.read(['GETRANGE', key, ...range]));
    // It has expired: what was begun has to be brought to its end, and is dropped then.
    yield piece.length === most ? piece : Buffer.alloc(most);
    afterPiece();
    at += most;
  }
}

export async function* listPieces({ source, key, temporaryKey, size }: KeyCopy): Pieces {
  for (let at = 0; ; ) {
    const range = [String(at), String(at + size.elements - 1)];
    const elements = listOf(await source.read(['LRANGE', key, ...range])).map(bytesOf);
    if (elements.length === 0) return;
    at += elements.length;
    yield commandsOf(size, ['RPUSH', temporaryKey], elements, 1);
  }
}

export async function* setPieces(copy: KeyCopy): Pieces {
  for await (const members of scan(copy, 'SSCAN')) {
    yield commandsOf(copy.size, ['SADD', copy.temporaryKey], members, 1);
  }
}

/**
 * ZSCAN gives scores with 17 digits or, of newer servers, with as many as are needed to tell them
 * from all others: in both cases what ZADD reads is the same double, be it inf or denormal.
 *
 * Except for -0: the compact encoding, in which the copy begins, makes 0 of it, and ZADD sees no
 * difference between them later. Such elements get another score when all are there, and then theirs.
 */
export async function* sortedSetPieces(copy: KeyCopy): Pieces {
  const { size, temporaryKey } = copy;
  const negativeZeros: Buffer[] = [];
  for await (const elements of scan(copy, 'ZSCAN')) {
    const pairs: Buffer[] = [];
    for (let at = 0; at < elements.length; at += 2) {
      const [member, score] = [elements[at]!, elements[at + 1]!];
      if (score.equals(NEGATIVE_ZERO)) negativeZeros.push(Buffer.from(member));
      pairs.push(score, member);
    }
    yield commandsOf(size, ['ZADD', temporaryKey], pairs, 2);
  }
  for (let at = 0; at < negativeZeros.length; at += size.elements) {
    const members = negativeZeros.slice(at, at + size.elements);
    const withScore = (score: CommandPart) => members.flatMap((member) => [score, member]);
    yield [
      ['ZADD', temporaryKey, ...withScore('1')],
      ['ZADD', temporaryKey, ...withScore(NEGATIVE_ZERO)],
    ];
  }
}

const NEGATIVE_ZERO = Buffer.from('-0');
/** Fields that expire one by one (Redis from 7.4, Valkey from 9.0) keep their time. */
export async function* hashPieces(copy: KeyCopy): Pieces {
  let canExpire = true;
  for await (const elements of scan(copy, 'HSCAN')) {
    const times = canExpire ? await fieldTimes(copy, elements) : null;
    if (times === null) canExpire = false;
    const kept: Buffer[] = [];
    const expiries: Command[] = [];
    for (let at = 0; at < elements.length; at += 2) {
      const time = times?.[at / 2] ?? NO_TIME;
      if (time !== NO_TIME) copy.hasExpiringFields = true;
      // It has expired since the scan saw it.
      if (time === GONE) continue;
      kept.push(elements[at]!, elements[at + 1]!);
      if (time === NO_TIME) continue;
      const when = [String(time), 'FIELDS', '1', elements[at]!];
      expiries.push(['HPEXPIREAT', copy.temporaryKey, ...when]);
    }
    // A field that the scan gives twice loses its time with the second HSET, and gets it anew.
    yield [...commandsOf(copy.size, ['HSET', copy.temporaryKey], kept, 2), ...expiries];
  }
}

/** When each field expires; null if this server knows no such thing. */
async function fieldTimes(
  { source: { server }, key }: KeyCopy,
  elements: readonly Buffer[],
): Promise<bigint[] | null> {
  const fields = elements.filter((_, index) => index % 2 === 0);
  const [reply] = await server.pipeline([
    ['HPEXPIRETIME', key, 'FIELDS', String(fields.length), ...fields],
  ]);
  if (reply!.type === 'error') {
    if (/unknown command/i.test(reply!.value)) return null;
    throw new RedisReplyError(`the server ${server.addr} answers: ${reply!.value}`);
  }
  return listOf(reply).map(integerOf);
}

/** What HPEXPIRETIME says of a field that never expires, and of one that is not there. */
const NO_TIME = -1n;
const GONE = -2n;

/**
 * All elements, some of them possibly twice. One that is there from the beginning to the end is
 * among them, and nobody writes to the key.
 */
async function* scan(
  { source, key, size }: KeyCopy,
  command: 'SSCAN' | 'HSCAN' | 'ZSCAN',
): AsyncGenerator<Buffer[], void, void> {
  let cursor: CommandPart = '0';
  do {
    const count = ['COUNT', String(size.elements)];
    const [next, elements]: readonly Value[] = listOf(
      await source.read([command, key, cursor, ...count]),
    );
    const found = listOf(elements).map(bytesOf);
    if (found.length > 0) yield found;
    cursor = textOf(next);
  } while (cursor !== '0');
}
