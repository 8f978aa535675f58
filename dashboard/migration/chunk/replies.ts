import type { Value } from '../../../resp/decode.js';
import { NotRedisError } from '../../errors.js';

/** What a reply must be, or the server is no Redis that we know. */

/** @throws NotRedisError */
export function listOf(reply: Value | undefined): readonly Value[] {
  if (reply?.type === 'array' || reply?.type === 'set') return reply.value;
  throw unexpected('a list', reply);
}

/** @throws NotRedisError */
export function bytesOf(reply: Value | undefined): Buffer {
  if (reply?.type === 'bulk') return reply.value;
  throw unexpected('a string', reply);
}

/** @throws NotRedisError */
export function textOf(reply: Value | undefined): string {
  return reply?.type === 'simple' ? reply.value : bytesOf(reply).toString('latin1');
}

/** @throws NotRedisError */
export function integerOf(reply: Value | undefined): bigint {
  if (reply?.type === 'integer') return reply.value;
  throw unexpected('an integer', reply);
}

/** A list of names and values, such as XINFO's. @throws NotRedisError */
export function fieldsOf(reply: Value | undefined): Map<string, Value> {
  const list = listOf(reply);
  const fields = new Map<string, Value>();
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(textOf(list[at]), list[at + 1]!);
  return fields;
}

/** Of the strings in a reply, however deep. */
export function byteCount(reply: Value): number {
  if (reply.type === 'bulk') return reply.value.length;
  if (reply.type !== 'array' && reply.type !== 'set') return 0;
  let bytes = 0;
  for (const element of reply.value) bytes += byteCount(element);
  return bytes;
}

function unexpected(what: string, reply: Value | undefined): NotRedisError {
  const got = reply === undefined ? 'nothing' : `${reply.type} ${String(reply.value).slice(0, 80)}`;
  return new NotRedisError(`a server answers ${got} where ${what} was expected`);
}
