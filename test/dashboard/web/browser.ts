import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { eventually } from '../../support/eventually.js';

const CHROMIUM = '/usr/bin/chromium';
/** A loaded machine draws late; what is never drawn takes so long to fail. */
const WAIT_MS = 20_000;

/** Chromium tells each answer that is not a 2xx, and each socket that ends: the test has caused them. */
const EXPECTED = /^Failed to load resource|^WebSocket connection to /;

/** What a page has complained about. */
export type Complaints = readonly string[];

/** Debian's Chromium, without a window. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    // Tests run as root in containers, where its sandbox cannot be.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A page of its own, with its cookies, and whatever goes wrong in it. */
export async function openPage(
  browser: Browser,
  url: string,
): Promise<{ page: Page; complaints: Complaints }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !EXPECTED.test(text)) complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

/** Goes to a page by the navigation. */
export async function visit(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/**
 * Opens a change by its button, fills in its form, waits for the plan and makes it; types the name
 * if it has to be confirmed by that.
 */
export async function change(
  page: Page,
  opener: string | RegExp,
  verb: string,
  fill: () => Promise<void> = async () => {},
): Promise<void> {
  await page.getByRole('button', { name: opener, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await fill();
  await dialog.getByRole('region', { name: 'Plan' }).waitFor();
  await confirmByName(page);
  await dialog.getByRole('button', { name: verb, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

async function confirmByName(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Working out what will happen').waitFor({ state: 'hidden' });
  const label = dialog.getByText(/^Type .* to confirm$/);
  if ((await label.count()) === 0) return;
  const name = (await label.locator('code').textContent()) ?? '';
  await dialog.getByLabel(/to confirm$/).fill(name);
}

/**
 * The serious faults that axe-core finds, as `rule: element`.
 *
 * @param rules all of them, or those that colours alone decide
 */
export async function accessibilityFaults(
  page: Page,
  rules: 'all' | 'colors' = 'all',
): Promise<string[]> {
  // Not a script of the page, which its security policy would not have.
  await page.evaluate(axe.source);
  const only = rules === 'all' ? '' : "runOnly: { type: 'rule', values: ['color-contrast'] },";
  return page.evaluate<string[]>(`axe
    .run(document, { ${only} resultTypes: ['violations'] })
    .then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target }) => id + ': ' + target.join(' ')))
    )`);
}

/** Nothing is wider than the window. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const width = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  // Charts follow the window's width when it has been painted.
  await eventually('nothing is wider than the window', async () => {
    return (await page.evaluate(width)) === 0;
  });
}
