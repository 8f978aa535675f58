import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slotOf } from '../../../cluster/slot-hash.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import { RespClient } from '../../support/resp-client.js';
import { type Complaints, change, openPage, startBrowser, visit } from './browser.js';
import { EmptyCluster } from './empty-cluster.js';

/* What an operator does in the browser, from an empty dashboard on; each test goes on from the last. */
let cluster: EmptyCluster;
let browser: Browser;
let page: Page;
let complaints: Complaints;
let client: RespClient;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([EmptyCluster.start(3), startBrowser()]);
  ({ page, complaints } = await openPage(browser, cluster.url));
});

afterAll(async () => {
  client?.close();
  await browser?.close();
  await cluster?.stop();
});

const dialog = () => page.getByRole('dialog');
const slot = (id: number) => page.locator(`[data-slot="${id}"]`);
const server = (index: number) => page.locator(`[data-server="${cluster.servers[index]!.addr}"]`);

test('an empty dashboard leads to a cluster that serves', async () => {
  await change(page, 'Add a group…', 'Add group');
  await addServer('Add a server to group 1…', 0);
  await visit(page, 'Groups');
  await change(page, 'Add group…', 'Add group');
  await addServer('Add a server to group 2', 1);
  await visit(page, 'Overview');
  await change(page, 'Create the slots…', 'Create slots');
  await change(page, 'Give slots…', 'Assign');
  // Until the page knows of the first half it offers that half again, and there is nothing to do.
  await eventually('the other half can be given', async () => {
    await page.getByRole('button', { name: 'Give slots…', exact: true }).first().click();
    await dialog().getByRole('region', { name: 'Plan' }).waitFor();
    const assign = dialog().getByRole('button', { name: 'Assign', exact: true });
    const isEnabled = await assign.isEnabled();
    if (isEnabled) await assign.click();
    else await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    return isEnabled;
  });
  await page.getByText('4 of 5 done').waitFor();

  const proxy = await cluster.startProxy();
  await proxy.serves();
  await page.getByText('All is well.').waitFor();
  client = await RespClient.connect(proxy.port);
  expect(await client.text('SET', 'greeting', 'hello')).toBe('+OK\r\n');
  await page.getByRole('region', { name: 'Operations' }).waitFor();
});

test('slots that are dragged over move, and the map shows it', async () => {
  await visit(page, 'Slots');
  expect(await slot(0).getAttribute('data-group')).toBe('1');
  await drag(10, 80);
  await page.getByText('71 slots').waitFor();
  await change(page, 'Move slots 10–80…', 'Start moving', () => choose('To group', { value: '2' }));
  for (const id of [10, 80]) {
    await page.locator(`[data-slot="${id}"][data-group="2"][data-state="online"]`).waitFor();
  }
  expect(await slot(9).getAttribute('data-group')).toBe('1');
  expect(await slot(81).getAttribute('data-group')).toBe('1');
});

test('a range is selected with the keyboard', async () => {
  const map = page.getByRole('listbox', { name: 'Slots' });
  await map.focus();
  await map.press('Home');
  await map.press('ArrowRight');
  await map.press('Shift+ArrowDown');
  await page.getByText('65 slots').waitFor();
  expect(await page.getByLabel('First slot').inputValue()).toBe('1');
  expect(await page.getByLabel('Last slot').inputValue()).toBe('65');
  await map.press('Escape');
  await page.getByText('Drag over the map').waitFor();
});

test('a move is paused, resumed and cancelled: half-moved slots go back', async () => {
  await client.pipeline(keysOfSlots(100, 115, 4).map((key) => ['SET', key, 'value']));
  await startSlowMove(100, 115);

  await visit(page, 'Moves');
  await change(page, 'Pause…', 'Pause');
  await page.getByText('paused', { exact: true }).waitFor();
  await change(page, 'Resume…', 'Resume');
  await page.getByText('running', { exact: true }).waitFor();
  await change(page, 'Cancel…', 'Cancel the move', async () => {
    expect(await dialog().getByLabel('Back').isChecked()).toBe(true);
  });
  await page.getByRole('row', { name: /100-115.*cancelled/ }).waitFor();

  await visit(page, 'Slots');
  await expectAllOnline();
  expect(await slot(115).getAttribute('data-group')).toBe('1');
});

test('a move is cancelled: half-moved slots go forward', async () => {
  await startSlowMove(100, 115);
  const moving = await slotsWith('[data-state="migrate"]');
  await visit(page, 'Moves');
  await change(page, 'Cancel…', 'Cancel the move', () => dialog().getByLabel('Forward').check());
  await eventually('both moves are cancelled', async () => {
    return (await page.getByRole('row', { name: /100-115.*cancelled/ }).count()) === 2;
  });

  await visit(page, 'Slots');
  await expectAllOnline();
  for (const id of moving) expect(await slot(id).getAttribute('data-group')).toBe('2');
  const values = await client.pipeline(keysOfSlots(100, 115, 4).map((key) => ['GET', key]));
  expect(values.map(String)).toEqual(values.map(() => '$5\r\nvalue\r\n'));
});

test('a group is drained, and a rebalance gives each its share again', async () => {
  await visit(page, 'Groups');
  await change(page, 'Drain group 2', 'Start moving');
  await slotCount(2, 0);
  await slotCount(1, 1024);
  await change(page, 'Rebalance…', 'Start moving');
  await slotCount(1, 512);
  await slotCount(2, 512);
});

test('a replica is added and promoted', async () => {
  await visit(page, 'Groups');
  await addServer('Add a server to group 1', 2);
  await server(2).getByText('in step').waitFor();
  await change(page, `Promote ${cluster.servers[2]!.addr}`, 'Promote');
  await server(2).getByText('master', { exact: true }).waitFor();
  expect(await client.text('SET', 'greeting', 'again')).toBe('+OK\r\n');
});

test('a master that is killed is replaced, and the Failover page says why', async () => {
  const [former, promoted] = [cluster.servers[0]!.addr, cluster.servers[2]!.addr];
  await change(page, `Add as replica: ${former}`, 'Add as replica');
  await server(0).getByText('in step').waitFor();
  await visit(page, 'Failover');
  const group = page.locator('[data-ha-group="1"]');
  await group.getByText('healthy').waitFor();
  await group.getByText(former).waitFor();
  await cluster.servers[2]!.stop();
  await page
    .getByRole('row', { name: /Group 1 failed over/ })
    .filter({ hasText: promoted })
    .waitFor();
  await group.filter({ hasText: `${promoted} the master until` }).waitFor();
  await visit(page, 'Groups');
  await server(0).getByText('master', { exact: true }).waitFor();
});

test('what cannot be done is said beside the control', async () => {
  const nowhere = `127.0.0.1:${await freePort()}`;
  await page.getByRole('button', { name: 'Add a server to group 2' }).click();
  await dialog().getByLabel('Address').fill(nowhere);
  await dialog().getByRole('alert').filter({ hasText: nowhere }).waitFor();
  expect(await dialog().getByRole('button', { name: 'Add server' }).isDisabled()).toBe(true);
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'hidden' });
});

test('a server that is killed turns red, and is the first thing on the overview', async () => {
  await cluster.servers[1]!.stop();
  await page.locator(`tr.is-bad[data-server="${cluster.servers[1]!.addr}"]`).waitFor();
  await server(1).getByText('down', { exact: true }).waitFor();
  await visit(page, 'Overview');
  const first = page.getByRole('region', { name: 'Problems' }).getByRole('listitem').first();
  await first.filter({ hasText: cluster.servers[1]!.addr }).waitFor();
});

test('the page outlives its dashboard', async () => {
  await visit(page, 'Groups');
  await page.evaluate('window.isSamePage = true');
  await cluster.killDashboard();
  await page.getByText('The connection to the dashboard is lost').waitFor();
  await cluster.startDashboardAgain();
  await page.getByText('The connection to the dashboard is lost').waitFor({ state: 'hidden' });
  await server(1).getByText('down', { exact: true }).waitFor();
  expect(await page.evaluate('window.isSamePage')).toBe(true);
  await change(page, 'Add group…', 'Add group');
  await page.getByRole('region', { name: 'Group 3', exact: true }).waitFor();
});

test('a page whose dashboard is gone goes on at another one', async () => {
  const standBy = await cluster.startStandBy();
  await visit(page, 'Housekeeping');
  await page.getByRole('link', { name: standBy.addr }).waitFor();
  await visit(page, 'Groups');
  await cluster.killDashboard();
  await page.getByRole('button', { name: 'Go now' }).click();
  await page.waitForURL(`http://${standBy.addr}/#/groups`);
  await page.getByRole('region', { name: 'Group 3', exact: true }).waitFor();
});

test('the audit log has what was done', async () => {
  await visit(page, 'Audit log');
  await page
    .getByRole('row', { name: /[Pp]romote/ })
    .first()
    .waitFor();
  await page
    .getByRole('row', { name: /group 3/ })
    .first()
    .waitFor();
});

test('no page has complained', () => {
  expect(complaints).toEqual([]);
});

async function addServer(opener: string, index: number): Promise<void> {
  await change(page, opener, 'Add server', () =>
    dialog().getByLabel('Address').fill(cluster.servers[index]!.addr),
  );
}

async function choose(label: string, option: { value: string }): Promise<void> {
  await dialog().getByLabel(label, { exact: true }).selectOption(option);
}

/** Takes seconds, so that there is something to be paused or cancelled. */
async function startSlowMove(first: number, last: number): Promise<void> {
  await page.getByLabel('First slot').fill(String(first));
  await page.getByLabel('Last slot').fill(String(last));
  await page.getByLabel('Last slot').press('Enter');
  await change(page, `Move slots ${first}–${last}…`, 'Start moving', async () => {
    await choose('To group', { value: '2' });
    await dialog().getByText('How keys are moved').click();
    await dialog().getByLabel('At most so many keys a second').fill('8');
  });
  await page.locator('[data-slot][data-state="migrate"]').first().waitFor();
}

/** The numbers of the slots of the map that have the attribute. */
async function slotsWith(selector: string): Promise<number[]> {
  const ids = await page
    .locator(`[data-slot]${selector}`)
    .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-slot')));
  return ids.map(Number);
}

async function expectAllOnline(): Promise<void> {
  await eventually('every slot is online', async () => {
    return (await slotsWith(':not([data-state="online"])')).length === 0;
  });
}

/** Waits until the card of a group says that it has so many slots, and none on its way. */
async function slotCount(group: number, slots: number): Promise<void> {
  const card = page.getByRole('region', { name: `Group ${group}`, exact: true });
  const words = new RegExp(`^${slots.toLocaleString('en')} slots ·`);
  await card.getByText(words).waitFor();
}

async function drag(first: number, last: number): Promise<void> {
  const [from, to] = [await slot(first).boundingBox(), await slot(last).boundingBox()];
  await page.mouse.move(from!.x + from!.width / 2, from!.y + from!.height / 2);
  await page.mouse.down();
  await page.mouse.move(to!.x + to!.width / 2, to!.y + to!.height / 2, { steps: 4 });
  await page.mouse.up();
}

/** So many keys for each slot of a range. */
function keysOfSlots(first: number, last: number, each: number): string[] {
  const counts = new Map<number, number>();
  const keys: string[] = [];
  for (let number = 0; keys.length < (last - first + 1) * each; number++) {
    const key = `key:${number}`;
    const slotId = slotOf(key);
    const count = counts.get(slotId) ?? 0;
    if (slotId < first || slotId > last || count === each) continue;
    counts.set(slotId, count + 1);
    keys.push(key);
  }
  return keys;
}
