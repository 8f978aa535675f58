import type { IncomingHttpHeaders } from 'node:http';
import { type Account, ROLES } from '../../base/accounts.js';
import { hashPassword, isPassword, parsePasswordHash } from '../../base/password-hash.js';
import { AccessError } from './errors.js';
import type { Identity } from './identity.js';
import { LoginLimit } from './login-limit.js';
import { SESSION_MS, type Session, Sessions } from './sessions.js';
import { Tokens } from './tokens.js';

/** Of one address: ten wrong passwords at once, then ten a minute. */
const TRIES_OF_ADDRESS = { tries: 10, refillMs: 6_000 };
/** Of one account, from anywhere: more, so that nobody is locked out by others for long. */
const TRIES_OF_NAME = { tries: 30, refillMs: 10_000 };
/** Each takes 32 MB and a tenth of a second of a processor. */
const MAX_CHECKS = 2;
const MAX_WAITING = 16;

export interface AccessSettings {
  readonly accounts: readonly Account[];
  /** `dashboard_token`; empty: none. */
  readonly token: string;
  readonly product: string;
  readonly isTls: boolean;
}

/** Who may use the dashboard. Without accounts and token: whoever reaches it. */
export class Access {
  readonly #settings: AccessSettings;
  readonly #sessions: Sessions;
  readonly #tokens: Tokens;
  readonly #ofAddress = new LoginLimit(TRIES_OF_ADDRESS.tries, TRIES_OF_ADDRESS.refillMs);
  readonly #ofName = new LoginLimit(TRIES_OF_NAME.tries, TRIES_OF_NAME.refillMs);
  /** What unknown names are checked against: they must take as long as known ones. */
  readonly #decoy = hashPassword('');
  #checking = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(settings: AccessSettings) {
    this.#settings = settings;
    this.#sessions = new Sessions(settings.accounts);
    this.#tokens = new Tokens(settings.accounts, settings.token);
  }

  /** Nobody is asked who they are. */
  get isOpen(): boolean {
    return this.#settings.accounts.length === 0 && this.#settings.token === '';
  }

  /** Who sends this; null if that is not known. */
  identify(headers: IncomingHttpHeaders, now = Date.now()): Identity | null {
    if (this.isOpen) {
      return { name: '-', role: 'admin', via: 'open', sessionId: '', csrf: '' };
    }
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      const owner = this.#tokens.find(bearer, now);
      return owner && { ...owner, via: 'token', sessionId: '', csrf: '' };
    }
    const session = this.#session(headers, now);
    if (!session) return null;
    const { account, id, csrf } = session;
    return { name: account.name, role: account.role, via: 'session', sessionId: id, csrf };
  }

  /** @returns the account's cookie. @throws AccessError */
  async login(name: string, password: string, from: string): Promise<string> {
    const people = this.#settings.accounts.filter(({ secret }) => secret.kind === 'password');
    if (people.length === 0) {
      throw new AccessError(403, 'nobody can log in here: there is no account with a password', {
        hint: 'make one: codis-config dashboard passwd <name>',
      });
    }
    const now = Date.now();
    const waitMs = Math.max(this.#ofAddress.waitMs(from, now), this.#ofName.waitMs(name, now));
    if (waitMs > 0) throw tooMany(waitMs);
    // Counted before it is known: tries at the same time are no way round.
    this.#ofAddress.took(from, now);
    this.#ofName.took(name, now);
    const account = people.find((each) => each.name === name);
    const hash =
      account?.secret.kind === 'password'
        ? account.secret.hash
        : parsePasswordHash(await this.#decoy)!;
    const isRight = await this.#inTurn(() => isPassword(password, hash));
    if (!account || !isRight) {
      throw new AccessError(401, 'name or password is wrong', {
        hint: 'try again; an administrator sets it: codis-config dashboard passwd',
      });
    }
    this.#ofAddress.succeeded(from, now);
    this.#ofName.succeeded(name, now);
    return this.#cookie(this.#sessions.begin(account, now), SESSION_MS / 1000);
  }

  /** Ends the session that the headers show. @returns the cookie that takes its place */
  logout(headers: IncomingHttpHeaders): string {
    const now = Date.now();
    const session = this.#session(headers, now);
    if (session) this.#sessions.end(session, now);
    return this.#cookie('', 0);
  }

  /** `Authorization` for another dashboard; null if nobody is asked. */
  peerAuthorization(): string | null {
    return this.isOpen ? null : `Bearer ${this.#tokens.forPeers(Date.now())}`;
  }

  /** The roles there are accounts for, for the log. */
  describe(): string {
    if (this.isOpen) return 'open to all';
    const { accounts, token } = this.#settings;
    const counts = ROLES.flatMap((role) => {
      const count = accounts.filter((account) => account.role === role).length;
      return count === 0 ? [] : [`${count} ${role}`];
    });
    return [...counts, ...(token === '' ? [] : ['the shared token'])].join(', ');
  }

  #session(headers: IncomingHttpHeaders, now: number): Session | null {
    const name = `${this.#cookieName}=`;
    for (const part of (headers.cookie ?? '').split(';')) {
      const text = part.trim();
      if (text.startsWith(name)) return this.#sessions.read(text.slice(name.length), now);
    }
    return null;
  }

  /** One for each product: cookies do not tell the ports of a host apart. */
  get #cookieName(): string {
    const { isTls, product } = this.#settings;
    return `${isTls ? '__Host-' : ''}codis_${product}`;
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#settings.isTls ? '; Secure' : '';
    return (
      `${this.#cookieName}=${value}; Path=/; Max-Age=${seconds}; ` +
      `HttpOnly; SameSite=Strict${secure}`
    );
  }

  /** A few at a time: whoever logs in a thousand times at once must not have all our memory. */
  async #inTurn<T>(check: () => Promise<T>): Promise<T> {
    if (this.#checking >= MAX_CHECKS) {
      if (this.#waiting.length >= MAX_WAITING) throw tooMany(1_000);
      // Whoever has done hands its place over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#checking++;
    }
    try {
      return await check();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#checking--;
    }
  }
}

function tooMany(waitMs: number): AccessError {
  const seconds = Math.ceil(waitMs / 1000);
  return new AccessError(429, `too many logins have failed: wait ${seconds} s, then try again`, {
    retryAfter: seconds,
  });
}
