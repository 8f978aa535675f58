import { expect, it } from 'vitest';
import { shortChaos } from './chaos.js';

const STEPS = [
  ...['dashboard@premigrate-saved', 'dashboard@premigrate-announced', 'dashboard@migrate-saved'],
  ...['dashboard@migrate-confirmed', 'dashboard@batch-moved', 'dashboard@online-saved'],
  ...['proxy@pre_migrate', 'source@pre_migrate', 'source@migrate', 'target@migrate'],
  ...['promote-source@migrate', 'promote-target@migrate'],
];
const OUTAGES = [
  ...['coordinator@pre_migrate', 'partition@migrate', 'dashboard@migrate-announced'],
  ...['partition@pre_migrate', 'proxy@migrate', 'coordinator@migrate'],
];

/** Each fault waits until all is well again. */
const LONG = { timeout: 300_000 };

it('loses nothing when a process is killed at any step of a move', LONG, async () => {
  const { findings, faults } = await shortChaos('embedded', 0, STEPS);
  expect(findings.differences).toEqual([]);
  expect(faults.map(({ name }) => name)).toEqual(STEPS);
});

it('loses nothing when ZooKeeper is away or a proxy cut off from it', LONG, async () => {
  const { findings, faults } = await shortChaos('zookeeper', 0, OUTAGES);
  expect(findings.differences).toEqual([]);
  expect(faults.map(({ name }) => name)).toEqual(OUTAGES);
});
