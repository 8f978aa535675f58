import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MB and about a tenth of a second for a guess: what OWASP asks of scrypt at the least. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** scrypt needs 128 * N * r bytes; a hash that asks for more than four times ours is refused. */
const MAX_MEMORY_BYTES = 160 * 1024 * 1024;

const FORMAT = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{16,64})\$([\w-]{32,128})$/;

/** The hash of a password, with all that is needed to check one against it. */
export interface PasswordHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** @returns `scrypt$N$r$p$salt$hash`; the last two in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { cost: COST, salt, hash: Buffer.alloc(HASH_BYTES) });
  const { N, r, p } = COST;
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Null if the text is not what {@link hashPassword} gives. */
export function parsePasswordHash(text: string): PasswordHash | null {
  const match = FORMAT.exec(text);
  if (!match) return null;
  const [N, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isPowerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
  if (!isPowerOfTwo || r < 1 || p < 1 || p > 16 || 128 * N * r > MAX_MEMORY_BYTES) return null;
  return {
    cost: { N, r, p },
    salt: Buffer.from(match[4]!, 'base64url'),
    hash: Buffer.from(match[5]!, 'base64url'),
  };
}

/** In a time that does not depend on how much of it is right. */
export async function isPassword(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, expected), expected.hash);
}

function derive(password: string, { cost, salt, hash }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same letters may be typed in two ways.
    const text = password.normalize('NFKC');
    const options = { ...cost, maxmem: MAX_MEMORY_BYTES + 1024 * 1024 };
    scrypt(text, salt, hash.length, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
