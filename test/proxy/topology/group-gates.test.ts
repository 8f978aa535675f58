import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../../base/config.js';
import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../../cluster/coordinator/open.js';
import { Store } from '../../../cluster/store.js';
import type { TopologyChange } from '../../../proxy/router/topology-change.js';
import { GroupGates } from '../../../proxy/topology/group-gates.js';
import { TopologyReader } from '../../../proxy/topology/topology-reader.js';
import { eventually } from '../../support/eventually.js';
import { temporaryFolder } from '../../support/process.js';
import { StandInDashboard } from '../../support/stand-in-dashboard.js';

const LIMIT_MS = 300;

let coordinator: Coordinator;
let store: Store;
let gates: GroupGates;
let changes: TopologyChange[];
let work: Promise<void>;
/** What the table waits for before a change is in effect. */
let drained: Promise<void>;

beforeEach(async () => {
  const folder = join(temporaryFolder(), 'coordinator');
  const config = parseConfig(`coordinator=embedded\nembedded_path=${folder}`, 'test');
  coordinator = await openCoordinator(config, silentLog());
  store = new Store(coordinator, 'test');
  const standIn = await StandInDashboard.start(store);
  await standIn.setUp(['10.0.0.1:6379', '10.0.0.2:6379']);
  standIn.close();
  changes = [];
  work = Promise.resolve();
  drained = Promise.resolve();
  const follow = () => {
    work = work.then(() => gates.follow());
  };
  gates = new GroupGates({
    store,
    sink: {
      apply: (change) => {
        changes.push(change);
        return drained;
      },
    },
    reader: new TopologyReader(store),
    ownId: () => 'proxy_1',
    onChange: follow,
    log: silentLog(),
    limitMs: LIMIT_MS,
  });
  follow();
  await work;
});

afterEach(async () => {
  gates.stop();
  await work;
  await coordinator.close();
});

function close(groupId: number): Promise<string> {
  return coordinator.create(store.paths.gate(groupId), `of group ${groupId}`);
}

async function answer(groupId: number): Promise<string | null> {
  const node = await coordinator.get(store.paths.gateAnswer(groupId, 'proxy_1'));
  return node?.data ?? null;
}

it('is closed when the table says so, and opened with the record of then', async () => {
  let drain = () => {};
  drained = new Promise((resolve) => {
    drain = resolve;
  });
  await close(2);
  await eventually('it is seen', async () => (await answer(2)) === 'closing');
  await eventually('the table is told', () => changes.length === 1);
  expect(changes).toEqual([{ slots: [], groups: [], gates: [2] }]);
  expect(await answer(2)).toBe('closing');
  drain();
  await eventually('it is closed', async () => (await answer(2)) === 'closed');

  await store.deleteIfPresent(store.paths.server(2, '10.0.0.2:6379'));
  const next = { type: 'master' as const, group_id: 2, addr: '10.0.0.3:6379' };
  await coordinator.multi([store.serverCreation(next)]);
  await coordinator.delete(store.paths.gate(2));
  await eventually('it is open', () => changes.length === 2);
  expect(changes[1]).toEqual({
    slots: [],
    groups: [{ groupId: 2, master: next.addr, replicas: [] }],
    gates: [],
  });
  await eventually('nothing is left', async () => (await answer(2)) === null);
});

it('is opened by the proxy when nobody does, and not closed again', async () => {
  await close(1);
  await eventually('it is closed', async () => (await answer(1)) === 'closed');
  await eventually('it is open', () => changes.at(-1)?.gates?.length === 0);
  await close(2);
  await eventually('another one is closed', async () => (await answer(2)) === 'closed');
  expect(changes.at(-1)!.gates).toEqual([2]);
});
