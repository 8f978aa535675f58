import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../base/config.js';
import { hashPassword } from '../../../base/password-hash.js';
import { TestCluster } from '../../support/cluster.js';
import { eventually } from '../../support/eventually.js';
import { FakeProxy } from '../fake-proxy.js';
import {
  accessibilityFaults,
  change,
  expectNoOverflow,
  openPage,
  startBrowser,
  visit,
} from './browser.js';

const BUILT = join(import.meta.dirname, '../../../dist/web');
const BUNDLE_LIMIT_BYTES = 100 * 1024;
const ROLES = ['viewer', 'operator', 'admin'] as const;
const PASSWORD = 'correct horse battery staple';
const TOKEN = 'token-of-the-tests-of-the-pages';
const PAGES = [
  'Overview',
  'Slots',
  'Groups',
  'Proxies',
  'Moves',
  'Failover',
  'Slow log & keys',
  'Audit log',
  'Housekeeping',
];

let cluster: TestCluster;
let browser: Browser;

beforeAll(async () => {
  const hash = await hashPassword(PASSWORD);
  const accounts = ROLES.map((role) => `${role}-1:${role}:${hash}`).join(',');
  [cluster, browser] = await Promise.all([
    TestCluster.start({
      groups: 2,
      proxies: 1,
      dashboard: 'process',
      config: { dashboard_accounts: accounts, dashboard_token: TOKEN },
    }),
    startBrowser(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

test('everything that a browser loads is less than 100 KB, and nothing is from elsewhere', () => {
  const files = readdirSync(BUILT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|css|html|svg)$/.test(name),
  );
  const size = files.reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(BUILT, name))).length,
    0,
  );
  expect(size).toBeLessThan(BUNDLE_LIMIT_BYTES);
  const html = readFileSync(join(BUILT, 'index.html'), 'utf8');
  expect(html).not.toMatch(/https?:|<style|<script(?![^>]*\ssrc=)/);
});

test('a wrong password is refused in words, a right one leads in', async () => {
  const { page, complaints } = await openPage(browser, url());
  await logIn(page, 'admin-1', 'wrong');
  await page.getByRole('alert').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await logIn(page, 'admin-1', PASSWORD);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test.each([
  ['a viewer is refused a move', 'viewer', false],
  ['an operator may move slots', 'operator', true],
] as const)('%s', async (_, role, isAllowed) => {
  const { page, complaints } = await openPage(browser, url());
  await logIn(page, `${role}-1`, PASSWORD);
  await page.getByText(`${role}-1`).waitFor();
  await visit(page, 'Moves');
  await page.getByRole('button', { name: 'Move slots…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('First slot').fill('3');
  await dialog.getByLabel('Last slot').fill('3');
  await dialog.getByLabel('To group', { exact: true }).selectOption('2');
  const start = dialog.getByRole('button', { name: 'Start moving' });
  if (isAllowed) {
    await start.click();
    await page.getByRole('row', { name: /slots? 3.*done/i }).waitFor();
  } else {
    await dialog.getByRole('alert').filter({ hasText: /role/ }).waitFor();
    expect(await start.isDisabled()).toBe(true);
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});

test.each([
  ['an operator is refused to remove a group', 'operator', false],
  ['an admin may remove a group', 'admin', true],
] as const)('%s', async (_, role, isAllowed) => {
  const { client } = cluster.dashboard;
  if (!isAllowed) await client.addGroup(9);
  const { page, complaints } = await openPage(browser, url());
  await logIn(page, `${role}-1`, PASSWORD);
  await page.getByText(`${role}-1`).waitFor();
  await visit(page, 'Groups');
  await page.getByRole('button', { name: 'Remove group 9' }).click();
  const dialog = page.getByRole('dialog');
  const remove = dialog.getByRole('button', { name: 'Remove group', exact: true });
  if (isAllowed) {
    await remove.click();
    await eventually('the group is gone', async () => {
      const groups = await client.listGroups();
      return groups.every(({ id }) => id !== 9);
    });
  } else {
    await dialog.getByRole('alert').filter({ hasText: /role/ }).waitFor();
    expect(await remove.isDisabled()).toBe(true);
    expect((await client.listGroups()).map(({ id }) => id)).toContain(9);
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a proxy is set online, and taken offline', async () => {
  const text = `product=test\ncoordinator=embedded\nembedded_path=${cluster.embeddedPath}\n`;
  const proxy = await FakeProxy.start(parseConfig(text, 'test'), 'proxy_9', { state: 'offline' });
  const { page, complaints } = await openPage(browser, url());
  await logIn(page, 'operator-1', PASSWORD);
  await visit(page, 'Proxies');
  const row = page.locator('[data-proxy="proxy_9"]');
  await change(page, 'Set online: proxy_9', 'Set online');
  await change(page, 'Take offline: proxy_9', 'Take offline');
  await row.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await page.context().close();
  await proxy.leave();
});

describe('each page is accessible and fits, light and dark, wide and narrow', () => {
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    ({ page, complaints } = await openPage(browser, url()));
    await logIn(page, 'admin-1', PASSWORD);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
  afterAll(() => page?.context().close());

  test.each(PAGES)('%s', async (name) => {
    await page.setViewportSize({ width: 1280, height: 844 });
    await visit(page, name);
    const faults: string[] = [];
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await expectNoOverflow(page);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const rules = colorScheme === 'light' ? 'all' : 'colors';
        for (const fault of await accessibilityFaults(page, rules)) {
          faults.push(`${width}, ${colorScheme}: ${fault}`);
        }
      }
    }
    expect(faults).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

test('a narrow page has its navigation behind a button', async () => {
  const { page } = await openPage(browser, `${url()}admin/`);
  await logIn(page, 'viewer-1', PASSWORD);
  await page.setViewportSize({ width: 390, height: 844 });
  const navigation = page.getByRole('navigation', { name: 'Pages' });
  await navigation.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Menu' }).click();
  await navigation.getByRole('link', { name: 'Slots' }).click();
  await page.getByRole('heading', { level: 1, name: 'Slots' }).waitFor();
  await navigation.waitFor({ state: 'hidden' });
  await page.context().close();
});

test('the theme that was chosen is remembered', async () => {
  const { page } = await openPage(browser, url());
  await logIn(page, 'viewer-1', PASSWORD);
  await page.emulateMedia({ colorScheme: 'light' });
  const background = () =>
    page.evaluate<string>('getComputedStyle(document.body.parentElement).backgroundColor');
  const light = await background();
  await page.getByRole('button', { name: 'Dark' }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(await background()).toBe(dark);
  await page.context().close();
});

function url(): string {
  return `http://${cluster.dashboard.addr}/`;
}

async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
