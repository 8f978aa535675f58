import { type PasswordHash, parsePasswordHash } from './password-hash.js';

/** What an account of the dashboard may do; each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type AccountRole = (typeof ROLES)[number];

/** Somebody who may use the dashboard: a person with a password, or a script with a token. */
export interface Account {
  readonly name: string;
  readonly role: AccountRole;
  readonly secret:
    | { readonly kind: 'password'; readonly hash: PasswordHash }
    /** SHA-256 of the token: it is random, and needs no slow hash. */
    | { readonly kind: 'token'; readonly sha256: Buffer };
  /** The account as it is written. */
  readonly text: string;
}

const NAME = /^[\w.@-]{1,64}$/;
const TOKEN = /^sha256\$([\w-]{43})$/;

/**
 * Reads `name:role:secret`, several separated by commas; the secret is what `hashPassword` gives,
 * or `sha256$<hash of a token>`.
 *
 * @throws Error that says which account is wrong, without its secret
 */
export function parseAccounts(text: string): readonly Account[] {
  const accounts: Account[] = [];
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue;
    const account = parseAccount(part, accounts.length + 1);
    if (accounts.some(({ name }) => name === account.name)) {
      throw new Error(`has the account ${account.name} twice`);
    }
    accounts.push(account);
  }
  return accounts;
}

/** @returns the text of all accounts with this one in it, in place of a former one of its name. */
export function withAccount(accounts: readonly Account[], account: Account): string {
  const others = accounts.filter(({ name }) => name !== account.name);
  return [...others, account].map(({ text }) => text).join(',');
}

/** @throws Error as {@link parseAccounts} */
export function parseAccount(text: string, number = 1): Account {
  const [name = '', roleText = '', secretText = '', ...more] = text.split(':');
  if (!NAME.test(name)) {
    throw new Error(`the name of account ${number} may have letters, digits and "_.@-" only`);
  }
  const role = ROLES.find((each) => each === roleText);
  if (!role) throw new Error(`account ${name} has a role that is not one of ${ROLES.join(', ')}`);
  const secret = more.length === 0 ? parseSecret(secretText) : null;
  if (!secret) {
    throw new Error(`account ${name} has no valid hash; see: codis-config dashboard passwd`);
  }
  return { name, role, secret, text };
}

function parseSecret(text: string): Account['secret'] | null {
  const token = TOKEN.exec(text)?.[1];
  if (token) return { kind: 'token', sha256: Buffer.from(token, 'base64url') };
  const hash = parsePasswordHash(text);
  return hash && { kind: 'password', hash };
}
