import { type AccountRole, ROLES } from '../../base/accounts.js';

/** Who asks for something. */
export interface Identity {
  /** Of an account; `token` for the one that all share; `-` for whoever comes without accounts. */
  readonly name: string;
  readonly role: AccountRole;
  /**
   * - `open`: there are no accounts
   * - `session`: a browser with our cookie, which must prove that our page has sent the request
   * - `token`: a script, a proxy, codis-config
   */
  readonly via: 'open' | 'session' | 'token';
  /** Empty unless it is a session. */
  readonly sessionId: string;
  readonly csrf: string;
}

/** True if the role may do what takes the other one. */
export function mayDo(role: AccountRole, needed: AccountRole): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
