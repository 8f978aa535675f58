import { createHash } from 'node:crypto';
import { SLOT_COUNT, slotOf } from '../../../cluster/slot-hash.js';

/** Begins with a byte that no client's key is likely to begin with. */
const PREFIX = Buffer.from('\0codis:moving:');
/** 1,024 are enough on average; the chance to find none among so many is 1 in 10^21. */
const MAX_TRIES = SLOT_COUNT * 50;

/**
 * The name under which a key grows on the target: in the key's slot, so that it goes where the slot
 * goes and is found with it. The same for the same id, so that whoever begins again finds what is
 * left of an earlier attempt.
 *
 * @param id without braces, which would mark a tag.
 */
export function temporaryKeyFor(slotId: number, id: string): Buffer {
  for (let suffix = 0; suffix < MAX_TRIES; suffix++) {
    const key = Buffer.from(`${PREFIX.toString('latin1')}${id}:${suffix}`, 'latin1');
    if (slotOf(key) === slotId) return key;
  }
  throw new Error(`no temporary key for ${JSON.stringify(id)} in slot ${slotId}`);
}

/** An id for {@link temporaryKeyFor} that is the key's own, whatever bytes it has. */
export function temporaryIdOf(key: Buffer): string {
  return createHash('sha1').update(key).digest('hex').slice(0, 16);
}

/** True for what {@link temporaryKeyFor} makes: not a client's key, not to be moved. */
export function isTemporaryKey(key: Buffer): boolean {
  return (
    key.length > PREFIX.length && key.compare(PREFIX, 0, PREFIX.length, 0, PREFIX.length) === 0
  );
}

/** For SCAN's MATCH; the prefix has nothing that means more than itself there. */
export function temporaryKeyPattern(): Buffer {
  return Buffer.concat([PREFIX, Buffer.from('*')]);
}
