import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Account, parseAccount, parseAccounts, withAccount } from '../../../base/accounts.js';
import { parseConfig } from '../../../base/config.js';
import { hashPassword, isPassword, parsePasswordHash } from '../../../base/password-hash.js';
import { setConfigLine } from '../../../config-tool/config-line.js';
import { Access } from '../../../dashboard/access/access.js';
import { LoginLimit } from '../../../dashboard/access/login-limit.js';
import { SESSION_MS, Sessions } from '../../../dashboard/access/sessions.js';
import { Tokens } from '../../../dashboard/access/tokens.js';
import { temporaryFolder } from '../../support/process.js';

/** Cheap to check: what the cost is good for is not what these tests are about. */
const CHEAP = 'scrypt$2$1$1$AAAAAAAAAAAAAAAAAAAAAA$';
const cheapAccount = (name: string, role: string, last = 'A') =>
  parseAccount(`${name}:${role}:${CHEAP}${last.repeat(43)}`);
const tokenAccount = (name: string, role: string, token: string) =>
  parseAccount(`${name}:${role}:sha256$${createHash('sha256').update(token).digest('base64url')}`);

describe('passwords', () => {
  it('are found right by their hash, and nothing else is', async () => {
    const text = await hashPassword('correct horse');
    const hash = parsePasswordHash(text)!;
    expect(await isPassword('correct horse', hash)).toBe(true);
    expect(await isPassword('correct horsf', hash)).toBe(false);
    expect(await hashPassword('correct horse')).not.toBe(text);
  });

  it.each([
    '',
    'scrypt$3$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$1048576$99$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'scrypt$32768$8$1$short$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'md5$abc',
  ])('are not compared with what is no hash of ours: %s', (text) => {
    expect(parsePasswordHash(text)).toBeNull();
  });
});

describe('accounts in the config', () => {
  it.each([
    ['dashboard_accounts=ada:root:x', /account ada has a role that is not one of viewer/],
    ['dashboard_accounts=ada:admin:hunter2', /account ada has no valid hash/],
    ['dashboard_accounts=a b:admin:x', /the name of account 1/],
    ['dashboard_token=short', /16 to 200/],
  ])('%s: is refused, without showing secrets', (line, message) => {
    const refusal = () => parseConfig(line, 'config.ini');
    expect(refusal).toThrow(message);
    expect(refusal).toThrow(/^(?!.*hunter2)(?!.*short)/s);
  });

  it('are written and read again', () => {
    const ada = cheapAccount('ada', 'admin');
    const bob = cheapAccount('bob', 'viewer');
    const text = withAccount([ada, bob], cheapAccount('ada', 'operator'));
    expect(parseAccounts(text).map(({ name, role }) => `${name} ${role}`)).toEqual([
      'bob viewer',
      'ada operator',
    ]);
    expect(() => parseAccounts(`${ada.text},${ada.text}`)).toThrow('twice');
  });

  it('are put into the file in their place, and all else stays', () => {
    const file = join(temporaryFolder(), 'config.ini');
    writeFileSync(file, '# mine\nproduct=a\ndashboard_accounts=old\npassword=p=q\n', {
      mode: 0o600,
    });
    setConfigLine(file, 'dashboard_accounts', 'new');
    setConfigLine(file, 'dashboard_token', 't');
    expect(readFileSync(file, 'utf8')).toBe(
      '# mine\nproduct=a\ndashboard_accounts=new\npassword=p=q\ndashboard_token=t\n',
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('sessions', () => {
  const [ada, bob] = [cheapAccount('ada', 'admin'), cheapAccount('bob', 'viewer')];
  const read = (accounts: Account[], cookie: string, now = 1_000) =>
    new Sessions(accounts).read(cookie, now)?.account.name ?? null;

  it('are good at every dashboard with the same accounts, until they end', () => {
    const cookie = new Sessions([ada, bob]).begin(ada, 0);
    expect(read([bob, ada], cookie)).toBe('ada');
    expect(read([ada], cookie, SESSION_MS - 1)).toBe('ada');
    expect(read([ada], cookie, SESSION_MS)).toBeNull();
  });

  it('end with the password they began with, and with the account', () => {
    const cookie = new Sessions([ada]).begin(ada, 0);
    expect(read([cheapAccount('ada', 'admin', 'B')], cookie)).toBeNull();
    expect(read([bob], cookie)).toBeNull();
  });

  it('cannot be made up', () => {
    const sessions = new Sessions([ada, bob]);
    const cookie = sessions.begin(bob, 0);
    const [payload, signature] = cookie.split('.') as [string, string];
    const forged = Buffer.from(payload, 'base64url').toString().replace('bob', 'ada');
    expect(
      read([ada, bob], `${Buffer.from(forged).toString('base64url')}.${signature}`),
    ).toBeNull();
    for (const text of ['', '.', payload, `${payload}.`, `${cookie}.x`, 'e30.AAAA', '%.%']) {
      expect(read([ada, bob], text), text).toBeNull();
    }
    for (let at = 0; at < cookie.length; at++) {
      const other = cookie[at] === 'A' ? 'B' : 'A';
      const changed = cookie.slice(0, at) + other + cookie.slice(at + 1);
      const name = sessions.read(changed, 1_000)?.account.name;
      // The last letter has bits that stand for nothing.
      if (at < cookie.length - 1) expect(name, changed).toBeUndefined();
    }
  });

  it('are over when they are ended', () => {
    const sessions = new Sessions([ada]);
    const [one, other] = [sessions.begin(ada, 0), sessions.begin(ada, 0)];
    expect(sessions.read(one, 1)?.csrf).not.toBe(sessions.read(other, 1)?.csrf);
    sessions.end(sessions.read(one, 1)!, 1);
    expect(sessions.read(one, 1)).toBeNull();
    expect(sessions.read(other, 1)).not.toBeNull();
  });
});

describe('tokens', () => {
  it('are known by themselves alone', () => {
    const tokens = new Tokens([tokenAccount('ci', 'viewer', 'secret-of-ci')], 'shared-0123456789');
    expect(tokens.find('secret-of-ci', 0)).toMatchObject({ name: 'ci', role: 'viewer' });
    expect(tokens.find('shared-0123456789', 0)).toMatchObject({ name: 'token', role: 'admin' });
    for (const other of ['', 'secret-of-c', 'secret-of-cj', 'shared-0123456789 ', 'ci']) {
      expect(tokens.find(other, 0)).toBeNull();
    }
  });

  it('of dashboards are good for a minute, for those with the same accounts', () => {
    const [ci, other] = [tokenAccount('ci', 'viewer', 'a'), tokenAccount('ci', 'viewer', 'b')];
    const token = new Tokens([ci], '').forPeers(1_000_000);
    expect(new Tokens([ci], '').find(token, 1_030_000)).toEqual({
      name: 'dashboard',
      role: 'viewer',
    });
    expect(new Tokens([ci], '').find(token, 1_061_000)).toBeNull();
    expect(new Tokens([ci], '').find(token, 939_000)).toBeNull();
    expect(new Tokens([other], '').find(token, 1_000_000)).toBeNull();
  });
});

describe('logins', () => {
  it('are limited for who fails, and come back one at a time', () => {
    const limit = new LoginLimit(3, 1_000);
    for (let time = 0; time < 3; time++) {
      expect(limit.waitMs('a', 0)).toBe(0);
      limit.took('a', 0);
    }
    expect(limit.waitMs('a', 0)).toBe(1_000);
    expect(limit.waitMs('b', 0)).toBe(0);
    expect(limit.waitMs('a', 400)).toBe(600);
    expect(limit.waitMs('a', 1_000)).toBe(0);
    limit.took('a', 1_000);
    limit.succeeded('a', 1_000);
    expect(limit.waitMs('a', 1_000)).toBe(0);
    expect(limit.waitMs('a', 100_000)).toBe(0);
  });

  it('do not need memory for each that was ever tried', () => {
    const limit = new LoginLimit(1, 1e9);
    for (let n = 0; n < 20_000; n++) limit.took(`name ${n}`, 0);
    expect(limit.waitMs('name 0', 0)).toBe(0);
    expect(limit.waitMs('name 19999', 0)).toBeGreaterThan(0);
  });

  it('are refused after ten wrong passwords from one address, right ones too', async () => {
    const hash = await hashPassword('right');
    const account = parseAccount(`ada:admin:${hash}`);
    const access = new Access({ accounts: [account], token: '', product: 'test', isTls: true });
    const outcome = (name: string, password: string, from: string) =>
      access.login(name, password, from).then(
        (cookie) => cookie.replace(/=[^;]*/, ''),
        (error: { status: number }) => error.status,
      );
    const tries = Array.from({ length: 12 }, () => outcome('nobody', 'wrong', '1.1.1.1'));
    expect((await Promise.all(tries)).filter((status) => status === 401)).toHaveLength(10);
    expect(await outcome('ada', 'right', '1.1.1.1')).toBe(429);
    expect(await outcome('ada', 'right', '2.2.2.2')).toBe(
      '__Host-codis_test; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure',
    );
  });
});
