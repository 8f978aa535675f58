import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Account, AccountRole } from '../../base/accounts.js';
import { isSame } from './sessions.js';

/** What a dashboard signs for another one is good for so long; clocks may differ by as much. */
const PEER_MS = 60_000;
const PEER = /^peer\.(\d{1,16})\.([\w-]{43})$/;

interface KnownToken {
  readonly name: string;
  readonly role: AccountRole;
  readonly sha256: Buffer;
}

/** Tokens that come as `Authorization: Bearer <token>`. */
export class Tokens {
  readonly #known: readonly KnownToken[];
  readonly #shared: string;
  readonly #peerKey: Buffer;

  /** @param shared `dashboard_token`; empty: none */
  constructor(accounts: readonly Account[], shared: string) {
    this.#shared = shared;
    this.#known = [
      ...(shared === '' ? [] : [{ name: 'token', role: 'admin' as const, sha256: hash(shared) }]),
      ...accounts.flatMap(({ name, role, secret }) =>
        secret.kind === 'token' ? [{ name, role, sha256: secret.sha256 }] : [],
      ),
    ];
    const all = [shared, ...accounts.map(({ text }) => text).sort()].join('\n');
    this.#peerKey = Buffer.from(hkdfSync('sha256', all, '', 'codis-dashboard-peer', 32));
  }

  /** Whose token it is; null: nobody's. Takes as long whosever it is. */
  find(token: string, now: number): { name: string; role: AccountRole } | null {
    const presented = hash(token);
    let found: KnownToken | null = null;
    for (const known of this.#known) {
      if (timingSafeEqual(presented, known.sha256)) found = known;
    }
    return found ?? this.#findPeer(token, now);
  }

  /** For a dashboard to look at another one, which has the same accounts. */
  forPeers(now: number): string {
    return this.#shared === '' ? this.#peerToken(now) : this.#shared;
  }

  #peerToken(at: number): string {
    const signature = createHmac('sha256', this.#peerKey).update(`${at}`).digest('base64url');
    return `peer.${at}.${signature}`;
  }

  #findPeer(token: string, now: number): { name: string; role: AccountRole } | null {
    const at = Number(PEER.exec(token)?.[1]);
    if (!(Math.abs(now - at) < PEER_MS) || !isSame(token, this.#peerToken(at))) return null;
    return { name: 'dashboard', role: 'viewer' };
  }
}

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
