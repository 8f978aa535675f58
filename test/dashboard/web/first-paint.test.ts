import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProxyRecord } from '../../../cluster/model/proxy.js';
import { SLOT_COUNT } from '../../../cluster/slot-hash.js';
import { TestCluster } from '../../support/cluster.js';
import { openPage, startBrowser } from './browser.js';

/* A large cluster: two groups and two proxies are real, all others are records of what is down. */
const GROUPS = 64;
const PROXIES = 32;
const LIMIT_MS = 1000;
const VISITS = 5;

let cluster: TestCluster;
let browser: Browser;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([
    TestCluster.start({ groups: 2, proxies: 2, dashboard: 'process' }),
    startBrowser(),
  ]);
  const { standIn, store } = cluster;
  for (let group = 3; group <= GROUPS; group++) {
    await standIn.saveServer(group, `127.0.0.${group}:1`, 'master');
    await standIn.saveServer(group, `127.0.0.${group}:2`, 'slave');
  }
  const slots = await store.loadSlots(0, SLOT_COUNT - 1);
  await store.saveSlots(slots.map((slot) => ({ ...slot, group_id: 1 + (slot.id % GROUPS) })));
  for (let number = 3; number <= PROXIES; number++) {
    const record = proxyRecord(number);
    const path = store.paths.proxy(record.id);
    await store.coordinator.create(path, JSON.stringify(record), { ephemeral: 'session' });
  }
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

test('the overview of 64 groups and 32 proxies is painted within a second', async () => {
  const visits: number[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const { page, complaints } = await openPage(browser, `http://${cluster.dashboard.addr}/`);
    // Painted is not yet filled: the figures of the last group and proxy have to be there as well.
    await page.getByText('proxy_32').first().waitFor();
    await page.getByText(`Group ${GROUPS}`, { exact: true }).first().waitFor();
    visits.push(
      await page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity",
      ),
    );
    expect(complaints).toEqual([]);
    await page.context().close();
  }
  visits.sort((one, other) => one - other);
  console.log(`first paint: ${visits.map(Math.round).join(', ')} ms`);
  // Of a busy machine's visits the best tells what the page needs.
  expect(visits[0]).toBeLessThan(LIMIT_MS);
});

function proxyRecord(number: number): ProxyRecord {
  return {
    id: `proxy_${number}`,
    addr: `127.0.0.${number}:3`,
    last_event: '',
    last_event_ts: 0,
    state: 'online',
    description: '',
    debug_var_addr: `127.0.0.${number}:4`,
    pid: number,
    start_at: '2020-01-01 00:00:00',
  };
}
