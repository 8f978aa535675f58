import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../../../base/log.js';
import { History } from '../../../dashboard/live/history/history.js';
import { temporaryFolder } from '../../support/process.js';
import { sampleState } from './sample-state.js';

const HOUR_MS = 3_600_000;

async function openHistory(folder: string, now: number): Promise<History> {
  const history = new History(folder, silentLog());
  await history.open(now);
  return history;
}

/** A point a second with as many operations as seconds have passed. */
function fill(history: History, from: number, seconds: number, stepS = 1): void {
  for (let second = 0; second < seconds; second += stepS) {
    const state = sampleState(1, 1);
    state.at = from + second * 1000;
    state.totals = { ...state.totals, ops: second, p99: second % 10 === 0 ? 900 : 100 };
    history.add(state);
  }
}

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);

it('has the last hour and the last day of everything, by columns', async () => {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const history = await openHistory(temporaryFolder(), now);
  fill(history, now - 600_000, 600);
  const hour = history.read('total', 'hour', now - 1_000)!;
  expect(hour).toMatchObject({ step_ms: 2_000, of: 'total' });
  expect(hour.values.map((column) => column.length)).toEqual(hour.columns.map(() => 1_800));
  expect(hour.from + 1_799 * 2_000).toBe(now - 2_000);
  const ops = hour.values[hour.columns.indexOf('ops')]!;
  expect(known(ops)).toHaveLength(300);
  // The mean of two seconds.
  expect(ops.at(-1)).toBe(598.5);
  const day = history.read('total', 'day', now - 1_000)!;
  expect(known(day.values[0]!)).toHaveLength(20);
  expect(day.values[0]!.at(-1)).toBe(584.5);
  // The worst of thirty.
  expect(day.values[day.columns.indexOf('p99')]!.at(-1)).toBe(900);
  for (const of of ['proxy:proxy_1', 'server:10.0.1.2:6379']) {
    expect(known(history.read(of, 'hour', now - 1_000)!.values[0]!), of).toHaveLength(300);
  }
  expect(history.read('proxy:other', 'hour', now)).toBeNull();
  await history.close();
});

it('fills the steps between two looks that are seconds apart, and no longer gaps', async () => {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const history = await openHistory(temporaryFolder(), now);
  fill(history, now - 100_000, 50, 5);
  fill(history, now - 30_000, 30, 5);
  const ops = history.read('total', 'hour', now - 1_000)!.values[0]!;
  expect(known(ops.slice(-50)).length).toBe(23 + 13);
  expect(ops.slice(-26, -16).every((value) => value === null)).toBe(true);
  await history.close();
});

it('survives the end of the dashboard, also a sudden one, in files of fixed size', async () => {
  const folder = temporaryFolder();
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const first = await openHistory(folder, now);
  fill(first, now - 60_000, 60);
  await first.flush();
  const size = readFileSync(join(folder, 'total.history')).length;
  fill(first, now, 60);
  await first.flush();
  // No close: it was killed.
  expect(readFileSync(join(folder, 'total.history'))).toHaveLength(size);
  const second = await openHistory(folder, now + 60_000);
  const ops = second.read('total', 'hour', now + 59_000)!.values[0]!;
  expect(known(ops)).toHaveLength(60);
  expect(known(second.read('server:10.0.1.1:6379', 'day', now + 59_000)!.values[0]!)).toHaveLength(
    4,
  );
  await second.close();
  await first.close();
  const dayLater = await openHistory(folder, now + 25 * HOUR_MS);
  expect(dayLater.read('total', 'hour', now + 25 * HOUR_MS)).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
  await dayLater.close();
});

it('starts anew with a file that is cut short or none of ours', async () => {
  const folder = temporaryFolder();
  const now = Date.now();
  const first = await openHistory(folder, now);
  fill(first, now - 60_000, 60);
  await first.close();
  truncateSync(join(folder, 'total.history'), 1000);
  writeFileSync(join(folder, 'proxy%3Aproxy_1.history'), 'x'.repeat(2000));
  const second = await openHistory(folder, now);
  expect(second.read('total', 'hour', now)).toBeNull();
  fill(second, now, 4);
  await second.close();
  const third = await openHistory(folder, now);
  expect(known(third.read('total', 'hour', now + 4_000)!.values[0]!).length).toBeGreaterThan(0);
  await third.close();
});

it('is kept in memory where the folder cannot be written', async () => {
  const file = join(temporaryFolder(), 'a-file');
  writeFileSync(file, '');
  const history = await openHistory(join(file, 'folder'), Date.now());
  fill(history, Date.now() - 10_000, 10);
  await history.flush();
  expect(history.read('total', 'hour', Date.now())).not.toBeNull();
  await history.close();
});
