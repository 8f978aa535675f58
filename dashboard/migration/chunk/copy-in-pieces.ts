import { setTimeout as sleep } from 'node:timers/promises';
import { faultPoint } from '../../../base/fault-point.js';
import { RedisReplyError } from '../../errors.js';
import type { ServerConnection } from '../server-connection.js';
import { hashPieces, listPieces, setPieces, sortedSetPieces, stringPieces } from './collections.js';
import { CopyLine, type KeyCopy, type Pieces } from './copy-line.js';
import { CopyLostError, NotChunkableError } from './errors.js';
import { PIECE_LIMITS, type PieceLimits, PieceSize } from './piece-size.js';
import { integerOf, listOf, textOf } from './replies.js';
import { assertSamePending, streamPieces } from './stream-pieces.js';

/** A server deletes what has expired several times a second; with `hz 1`, once. */
const MOST_LOOKS = 30;
const LOOK_AGAIN_MS = 100;

export interface CopyOptions {
  readonly signal?: AbortSignal;
  readonly limits?: PieceLimits;
  /** Told after each piece. */
  readonly onPiece?: () => void;
}

/**
 * A key that is complete on the target under its temporary name, and unchanged on the source.
 * Good for as long as both connections last: a server that was started anew, or another one in its
 * place, may have lost what it had taken.
 */
export interface CopiedKey {
  readonly source: ServerConnection;
  readonly target: ServerConnection;
  readonly database: number;
  readonly key: Buffer;
  readonly temporaryKey: Buffer;
}

interface KeyType {
  readonly pieces: (copy: KeyCopy) => Pieces;
  /** The command that tells how much there is. */
  readonly size: string;
}

const TYPES: Readonly<Record<string, KeyType>> = {
  string: { pieces: stringPieces, size: 'STRLEN' },
  list: { pieces: listPieces, size: 'LLEN' },
  set: { pieces: setPieces, size: 'SCARD' },
  hash: { pieces: hashPieces, size: 'HLEN' },
  zset: { pieces: sortedSetPieces, size: 'ZCARD' },
  stream: { pieces: streamPieces, size: 'XLEN' },
};

/**
 * Copies a key in pieces, so that neither server is busy with any of them for long. The content is
 * that of the source, whatever its encoding; how long a key or a stream's consumer has been idle is
 * not kept. Nobody may write to the key meanwhile; it may expire. What is left on the target of an
 * earlier attempt is dropped first, so it may be repeated after whatever has happened.
 *
 * An element is never cut, only strings are: one of 100 MB in a hash stops both servers for as long
 * as they take to copy it. The names of a stream's groups, and of each group's consumers, are read
 * at once.
 *
 * @param source and `target` are used for nothing else meanwhile.
 * @returns null if the key is not there, or has expired; then nothing is left on the target.
 * @throws NotChunkableError, CopyLostError, AbortError, and what the servers answer: RedisReplyError,
 * RedisUnreachableError
 */
export async function copyInPieces(
  source: ServerConnection,
  target: ServerConnection,
  database: number,
  key: Buffer,
  temporaryKey: Buffer,
  options: CopyOptions = {},
): Promise<CopiedKey | null> {
  await Promise.all([source, target].map((server) => server.call(['SELECT', String(database)])));
  await target.call(['UNLINK', temporaryKey]);
  const type = await typeOf(source, key);
  if (type === null) return null;
  const size = new PieceSize(options.limits ?? PIECE_LIMITS);
  const copy: KeyCopy = {
    source: new CopyLine(source, size),
    target: new CopyLine(target, size),
    afterPiece: () => {
      options.onPiece?.();
      options.signal?.throwIfAborted();
    },
    hasExpiringFields: false,
    ...{ key, temporaryKey, size },
  };
  try {
    await transfer(copy, type.pieces(copy));
    await assertSameSize(copy, type);
  } catch (error) {
    const isAnswer = error instanceof RedisReplyError || error instanceof CopyLostError;
    if (!isAnswer || (await exists(source, key))) throw error;
  }
  // As it is there now it was there all the time: nobody could have made it anew.
  if ((await exists(source, key)) && (await exists(target, temporaryKey))) {
    return { source, target, database, key, temporaryKey };
  }
  // It has expired; or all its fields have, and the source has not noticed it yet.
  await target.call(['UNLINK', temporaryKey]);
  return null;
}

/**
 * Gives the copy the key's name, and deletes the key on the source, which is the owner until then.
 * Nobody may read or write the key. If it fails, whatever the reason, the key is copied anew, unless
 * the source has none any more.
 *
 * @param outlivesTarget resolves when a failure of the target would not take the key with it.
 * @returns false if the key had expired.
 * @throws CopyLostError, RedisReplyError, RedisUnreachableError, and what `outlivesTarget` throws
 */
export async function finishPieces(
  copied: CopiedKey,
  outlivesTarget: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  const { source, target, database, key, temporaryKey } = copied;
  await Promise.all([source, target].map((server) => server.call(['SELECT', String(database)])));
  const expiresAt = await expiryOf(source, key);
  if (expiresAt === 'gone') {
    await target.call(['UNLINK', temporaryKey]);
    return false;
  }
  await target.call(['UNLINK', key]);
  // Before it has its name: a copy that outlives its time must not be taken for the key.
  if (expiresAt !== 'never') await target.call(['PEXPIREAT', temporaryKey, String(expiresAt)]);
  const [renamed] = await target.pipeline([['RENAME', temporaryKey, key]]);
  if (renamed!.type === 'error') {
    const isOver = expiresAt !== 'never' && expiresAt <= (await clockOf(target));
    if (!isOver) {
      throw new CopyLostError(`${target.addr} has lost the copy of a key: ${renamed!.value}`);
    }
  }
  faultPoint('large-key-renamed');
  await outlivesTarget();
  await source.call(['UNLINK', key]);
  return renamed!.type !== 'error';
}

/** Null: no such key. @throws NotChunkableError */
async function typeOf(source: ServerConnection, key: Buffer): Promise<KeyType | null> {
  const name = textOf(await source.call(['TYPE', key]));
  if (name === 'none') return null;
  const type = TYPES[name];
  if (!type) throw new NotChunkableError(`a key of type ${name} cannot be copied in pieces`);
  return type;
}

/** While a piece is written the next one is read. */
async function transfer({ target, afterPiece }: KeyCopy, pieces: Pieces): Promise<void> {
  let writing: Promise<unknown> = Promise.resolve();
  try {
    for await (const commands of pieces) {
      await writing;
      writing = target.write(commands).then(afterPiece);
      // Whoever waits for it next is told.
      writing.catch(() => undefined);
    }
  } finally {
    // What went wrong here comes first: what is read next may depend on it.
    await writing;
  }
}

async function assertSameSize(copy: KeyCopy, { size, pieces }: KeyType): Promise<void> {
  const { source, target, key, temporaryKey } = copy;
  // Servers count fields that have expired until they notice it.
  if (copy.hasExpiringFields) return;
  if (pieces === streamPieces) await assertSamePending(copy);
  for (let look = 1; ; look++) {
    const [here, there] = await Promise.all([
      source.server.call([size, key]),
      target.server.call([size, temporaryKey]),
    ]);
    if (integerOf(here) === integerOf(there)) return;
    const mayCountExpired = pieces === hashPieces && (await hasFieldTimes(source.server, key));
    if (!mayCountExpired || look === MOST_LOOKS) {
      throw new CopyLostError(
        `${target.server.addr} has ${integerOf(there)} of ${integerOf(here)} elements of a key`,
      );
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Where fields have times, one that had expired before it was read may be counted still. */
async function hasFieldTimes(server: ServerConnection, key: Buffer): Promise<boolean> {
  const [answer] = await server.pipeline([['HPTTL', key, 'FIELDS', '1', '']]);
  return answer!.type !== 'error';
}

async function exists(server: ServerConnection, key: Buffer): Promise<boolean> {
  return integerOf(await server.call(['EXISTS', key])) === 1n;
}

/** Unix milliseconds. PEXPIRETIME is there from Redis 7.0 on. */
async function expiryOf(source: ServerConnection, key: Buffer): Promise<bigint | 'never' | 'gone'> {
  const [exact] = await source.pipeline([['PEXPIRETIME', key]]);
  const isKnown = exact!.type === 'integer';
  const now = isKnown ? 0n : await clockOf(source);
  const value = isKnown ? exact!.value : integerOf(await source.call(['PTTL', key]));
  if (value === -2n) return 'gone';
  return value === -1n ? 'never' : now + value;
}

/** Unix milliseconds. */
async function clockOf(server: ServerConnection): Promise<bigint> {
  const [seconds, microseconds] = listOf(await server.call(['TIME'])).map(textOf);
  return BigInt(seconds!) * 1000n + BigInt(microseconds!) / 1000n;
}
