import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Account } from '../../base/accounts.js';

/** A working day and some. */
export const SESSION_MS = 12 * 3600 * 1000;
/** Sessions that were ended by hand are remembered until they would have ended; so many at most. */
const MAX_ENDED = 10_000;

const claims = z.object({
  /** Account. */
  n: z.string(),
  /** Unix milliseconds of its end. */
  e: z.number(),
  /** Of its own, so that it can be ended. */
  i: z.string().min(16),
});

export interface Session {
  readonly account: Account;
  readonly id: string;
  readonly expiresAt: number;
  /** What our page sends with each request, and other sites do not know. */
  readonly csrf: string;
}

/**
 * Sessions that live in their cookies: signed with a key that comes from the account's own line in
 * the config. So they survive the dashboard and are good at every other one with the same config,
 * and a new password ends them.
 */
export class Sessions {
  readonly #accounts = new Map<string, { account: Account; key: Buffer }>();
  readonly #ended = new Map<string, number>();

  constructor(accounts: readonly Account[]) {
    for (const account of accounts) {
      const key = Buffer.from(hkdfSync('sha256', account.text, '', 'codis-dashboard-session', 32));
      this.#accounts.set(account.name, { account, key });
    }
  }

  /** @returns the cookie's value */
  begin(account: Account, now: number): string {
    const { key } = this.#accounts.get(account.name)!;
    const id = randomBytes(18).toString('base64url');
    const payload = Buffer.from(
      JSON.stringify({ n: account.name, e: now + SESSION_MS, i: id } satisfies z.infer<
        typeof claims
      >),
    ).toString('base64url');
    return `${payload}.${sign(key, payload)}`;
  }

  /** Null for what is not a session of ours, or not any more. */
  read(cookie: string, now: number): Session | null {
    const [payload = '', signature = '', ...more] = cookie.split('.');
    if (more.length > 0 || cookie.length > 1_000) return null;
    const said = readClaims(payload);
    const known = said && this.#accounts.get(said.n);
    if (!said || !known || !isSame(signature, sign(known.key, payload))) return null;
    if (said.e <= now || this.#ended.has(said.i)) return null;
    return {
      account: known.account,
      id: said.i,
      expiresAt: said.e,
      csrf: sign(known.key, `csrf ${said.i}`),
    };
  }

  /** It is over here; at other dashboards when the browser has dropped its cookie. */
  end(session: Session, now: number): void {
    for (const [id, until] of this.#ended) if (until <= now) this.#ended.delete(id);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size >= MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.set(session.id, session.expiresAt);
  }
}

/** In a time that does not depend on how much of it is right. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function readClaims(payload: string): z.infer<typeof claims> | null {
  try {
    return claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  } catch {
    // Whatever a browser may have under this name.
    return null;
  }
}
