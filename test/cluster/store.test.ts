import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../base/log.js';
import { NoNodeError } from '../../cluster/coordinator/coordinator.js';
import { EmbeddedCoordinator } from '../../cluster/coordinator/embedded.js';
import { receiversOf } from '../../cluster/model/action.js';
import { masterOf } from '../../cluster/model/group.js';
import { isSameProxy } from '../../cluster/model/proxy.js';
import { initialSlot } from '../../cluster/model/slot.js';
import { BadRecordError, Store } from '../../cluster/store.js';
import { readCodis2Tree } from '../support/codis2-capture.js';
import { temporaryFolder } from '../support/process.js';

const captured = readCodis2Tree();
let coordinator: EmbeddedCoordinator;
let store: Store;

beforeAll(async () => {
  coordinator = await EmbeddedCoordinator.open({
    folder: temporaryFolder(),
    sessionTimeoutMs: 30_000,
    log: silentLog(),
  });
  for (const { path, data, ephemeral } of captured) {
    await coordinator.create(path, data, ephemeral ? { ephemeral: 'session' } : {});
  }
  store = new Store(coordinator, 'test');
});
afterAll(() => coordinator?.close());

function dataAt(path: string): string {
  const node = captured.find((one) => one.path === path);
  if (!node) throw new Error(`${path} was not captured`);
  return node.data;
}

function namesIn(folder: string): string[] {
  return captured
    .filter(({ path }) => path.startsWith(`${folder}/`))
    .map(({ path }) => path.slice(folder.length + 1))
    .filter((name) => !name.includes('/'));
}

test('the actions of an original cluster are read and written alike, byte for byte', async () => {
  const seqs = namesIn(store.paths.actions);
  const types = new Set<string | undefined>();
  for (const seq of seqs) {
    const action = await store.loadAction(seq);
    types.add(action?.type);
    expect(JSON.stringify(action)).toBe(dataAt(store.paths.action(seq)));
    expect(JSON.stringify(action)).toBe(dataAt(store.paths.response(seq)));
  }
  expect([...types].sort()).toEqual([
    'group_changed',
    'multi_slot_changed',
    'slot_changed',
    'slot_migrate',
    'slot_premigrate',
  ]);
  expect(await store.loadAction('0000009999')).toBeNull();
});

test('the receivers of an action are the proxies that answered it', async () => {
  const answered = namesIn(store.paths.responses).filter((seq) =>
    captured.some(({ path }) => path === store.paths.responseOf(seq, 'proxy_1')),
  );
  expect(answered.length).toBeGreaterThan(3);
  for (const seq of answered) {
    const action = await store.loadAction(seq);
    const receivers = receiversOf(action!);
    expect(action?.receivers).toEqual(receivers.map((proxy) => JSON.stringify(proxy)));
    const answer = JSON.parse(dataAt(store.paths.responseOf(seq, 'proxy_1')));
    expect(receivers).toHaveLength(1);
    expect(isSameProxy(receivers[0]!, answer)).toBe(true);
    expect(isSameProxy(receivers[0]!, { ...answer, start_at: 'later' })).toBe(false);
  }
});

test('slots, servers and proxies are read and written alike, byte for byte', async () => {
  const slots = await store.loadSlots();
  expect(slots.map(({ id }) => id)).toEqual([0, 579]);
  for (const slot of slots) {
    expect(JSON.stringify(slot)).toBe(dataAt(store.paths.slot(slot.id)));
    expect(store.slotWrite(slot)).toMatchObject({ data: dataAt(store.paths.slot(slot.id)) });
  }
  const proxies = await store.loadProxies();
  expect(proxies).toHaveLength(1);
  expect(JSON.stringify(proxies[0])).toBe(dataAt(store.paths.proxy('proxy_1')));

  const groups = await store.loadGroups();
  expect(groups.map(({ id }) => id)).toEqual([1, 2]);
  for (const group of groups) {
    for (const server of group.servers ?? []) {
      expect(JSON.stringify(server)).toBe(dataAt(store.paths.server(group.id, server.addr)));
    }
  }
  expect(groups.map(masterOf)).toEqual(['127.0.0.1:29213', '127.0.0.1:29212']);
  // As an action shows it.
  const seq = '0000002060';
  expect(JSON.stringify((await store.loadAction(seq))?.target)).toBe(JSON.stringify(groups[0]));
  expect(await store.loadGroup(3)).toBeNull();
  expect(await store.loadFences()).toEqual(['vm:29200']);
});

test('a group without servers has null for them, as Codis writes it', async () => {
  await coordinator.create(store.paths.group(7), '');
  const group = await store.loadGroup(7);
  expect(JSON.stringify(group)).toBe('{"id":7,"product_name":"test","servers":null}');
  expect(masterOf(group!)).toBeNull();
  await coordinator.delete(store.paths.group(7));
});

test('slots are saved in one step, and only where they exist', async () => {
  const [first, second] = await store.loadSlots();
  const moved = [
    { ...first!, group_id: 2 },
    { ...second!, group_id: 2 },
  ];
  await store.saveSlots(moved);
  expect(await store.loadSlots()).toEqual(moved);
  await expect(store.saveSlots([first!, initialSlot('test', 5)])).rejects.toThrow(NoNodeError);
  expect(await store.loadSlots()).toEqual(moved);
  expect(JSON.stringify(initialSlot('test', 0))).toBe(
    JSON.stringify((await store.loadAction('0000000000'))?.target),
  );
});

test('a record that is not what it should be is an error that names its node', async () => {
  const path = store.paths.slot(3);
  await coordinator.create(path, '{"id":3}');
  await expect(store.loadSlot(3)).rejects.toThrow(BadRecordError);
  await expect(store.loadSlot(3)).rejects.toThrow(path);
  await coordinator.set(path, 'not JSON');
  await expect(store.loadSlots()).rejects.toThrow(path);
  await store.deleteIfPresent(path);
  await store.deleteIfPresent(path);
  expect(await store.loadSlot(3)).toBeNull();
});
