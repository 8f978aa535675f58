import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from './rig.js';
import { contentOf, fill, jobEnds, jobIs, keyCount, keysOf } from './support.js';

/** A few slots, many keys: several windows and several batches. */
const LAST_SLOT = 127;
const KEYS = 1_000;

let rig: Rig;
let owner = 1;
let content: Map<string, string>;

beforeAll(async () => {
  rig = await Rig.start();
  await fill(rig.servers[0]!, keysOf(LAST_SLOT, KEYS));
  content = await contentOf(rig.servers[0]!);
}, 60_000);
afterEach(() => rig.endDashboards());
afterAll(() => rig?.stop());

const theSlots = (group: number) => ({ from: 0, to: LAST_SLOT, new_group: group, delay: 0 });

async function expectAllIn(group: number): Promise<void> {
  expect(await rig.owners(0, LAST_SLOT)).toEqual([group]);
  expect(await contentOf(rig.servers[group - 1]!)).toEqual(content);
  expect(await keyCount(rig.servers[2 - group]!)).toBe(0);
  expect(await rig.coordinator.children(rig.store.paths.migrateTasks)).toEqual([]);
}

describe('a dashboard killed with -9 in the middle of a move', () => {
  it.each([
    'job-queued',
    'premigrate-saved',
    'premigrate-announced',
    'premigrate-confirmed',
    'premigrate-saved:3',
    'migrate-saved',
    'migrate-announced:2',
    'migrate-confirmed',
    'batch-moved',
    'batch-moved:5',
    'keys-moved',
    'online-saved',
    'online-announced',
    'online-confirmed',
  ])('at %s: the next one goes on from there', async (point) => {
    const target = 3 - owner;
    const killed = await rig.dashboard(point);
    // The answer to the request may be lost with it.
    await killed.client.migrate(theSlots(target)).catch(() => undefined);
    expect(await killed.process.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const next = await rig.dashboard();
    expect(await jobEnds(next)).toMatchObject({
      state: 'done',
      slots: LAST_SLOT + 1,
      slots_left: 0,
    });
    await expectAllIn(target);
    owner = target;
    await next.process.stop();
  });

  it.each(['job-cancel', 'premigrate-saved', 'migrate-saved', 'batch-moved', 'online-saved'])(
    'at %s while half-moved slots go back: they end there',
    async (point) => {
      const first = await rig.dashboard();
      await first.client.startMoves({
        what: 'slowly',
        moves: [{ from_group: owner, to_group: 3 - owner, slots: [[0, LAST_SLOT]] }],
        options: { max_keys_per_second: 200 },
      });
      const job = await jobIs(first, 'half way', (seen) => seen.keys_moved >= 100);
      await first.client.controlJob(job.id, { action: 'pause' });
      await first.process.stop();

      const killed = await rig.dashboard(point);
      await killed.client
        .controlJob(job.id, { action: 'cancel', direction: 'back' })
        .catch(() => undefined);
      expect(await killed.process.exited).toEqual({ code: null, signal: 'SIGKILL' });

      const next = await rig.dashboard();
      expect(await jobEnds(next)).toMatchObject({ state: 'cancelled' });
      await expectAllIn(owner);
      await next.process.stop();
    },
  );
});

it('stopped in order, it leaves no gate closed, and goes on when it is started again', async () => {
  const first = await rig.dashboard();
  await first.client.startMoves({
    what: 'slowly',
    moves: [{ from_group: owner, to_group: 3 - owner, slots: [[0, LAST_SLOT]] }],
    options: { max_keys_per_second: 500 },
  });
  await jobIs(first, 'under way', (seen) => seen.keys_moved > 0);
  expect(await first.process.stop()).toEqual({ code: 0, signal: null });
  const statuses = new Set((await rig.store.loadSlots()).map(({ state }) => state.status));
  expect(statuses.has('pre_migrate')).toBe(false);
  const next = await rig.dashboard();
  expect(await jobEnds(next)).toMatchObject({ state: 'done' });
  owner = 3 - owner;
  await expectAllIn(owner);
  await next.process.stop();
});
