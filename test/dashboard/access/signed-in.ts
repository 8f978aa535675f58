import { createHash } from 'node:crypto';
import { hashPassword } from '../../../base/password-hash.js';
import { CSRF_HEADER, type SessionReply } from '../../../dashboard/api/web-contract.js';

export const PASSWORD = 'correct horse battery';
/** Tokens of scripts, one of each role. */
export const TOKENS = { viewer: 'viewer-token', operator: 'operator-token', admin: 'admin-token' };
export const SHARED_TOKEN = 'shared-token-0123456789';

/** Settings with a person and a script of each role; the persons are named as their role. */
export async function accountSettings(): Promise<Record<string, string>> {
  const hash = await hashPassword(PASSWORD);
  const accounts = Object.entries(TOKENS).flatMap(([role, token]) => [
    `${role}:${role}:${hash}`,
    `${role}-script:${role}:sha256$${createHash('sha256').update(token).digest('base64url')}`,
  ]);
  return { dashboard_accounts: accounts.join(','), dashboard_token: SHARED_TOKEN };
}

/** Headers of a browser that has logged in. */
export async function logIn(
  url: string,
  name: string,
  password = PASSWORD,
): Promise<{ cookie: string; csrf: Record<string, string>; session: SessionReply }> {
  const answer = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${await answer.text()}`);
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!;
  const session = (await answer.json()) as SessionReply;
  return { cookie, csrf: { [CSRF_HEADER]: session.csrf }, session };
}
