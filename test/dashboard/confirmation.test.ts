import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { TestCluster } from './test-cluster.js';

/** Short, as some tests wait for it to pass; a fake proxy answers in a few milliseconds. */
const ACTION_TIMEOUT_MS = 5_000;

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start({ action_timeout: String(ACTION_TIMEOUT_MS) });
  await cluster.allSlotsToGroup(1);
  await cluster.group(2);
});
afterEach(() => cluster.stop());

const toGroup2 = { from: 100, to: 199, new_group: 2, status: 'online' };

async function lastAction(): Promise<{ seq: string; content: Record<string, unknown> }> {
  const { seq, data } = (await cluster.actions()).at(-1)!;
  return { seq, content: JSON.parse(data) };
}

async function groupOfSlot(slotId: number): Promise<number> {
  return (await cluster.client.getSlot(slotId)).group_id;
}

describe('a change that proxies have to confirm', () => {
  it('is told to those online, and done when all have acknowledged', async () => {
    const one = await cluster.proxy('proxy_1');
    const two = await cluster.proxy('proxy_2');
    const waiting = await cluster.proxy('proxy_3', { state: 'offline', answers: 'never' });
    await cluster.client.setSlots(toGroup2);
    const { seq, content } = await lastAction();
    expect(content.receivers).toEqual([one, two].map((proxy) => JSON.stringify(proxy.record)));
    const answers = await cluster.store.loadResponses(seq);
    expect(answers).toEqual([one.record, two.record]);
    const response = await cluster.coordinator.get(cluster.store.paths.response(seq));
    expect(JSON.parse(response!.data)).toEqual(content);
    expect(Object.keys(content)).toEqual(['type', 'desc', 'target', 'ts', 'receivers']);
    expect(seq).toMatch(/^\d{10}$/);
    expect(waiting.record.state).toBe('offline');
  });

  it('is told again when a proxy comes back that was away as it was told', async () => {
    // What it does between is the same for one whose node was gone for a moment.
    const answered = await cluster.proxy('answered', {
      beforeAnswer: () => cluster.proxy('returned'),
    });
    const before = (await cluster.actions()).length;
    await cluster.client.setSlots(toGroup2);
    const told = (await cluster.actions()).slice(before);
    const receivers = told.map(({ data }) => JSON.parse(data).receivers.length);
    expect(receivers).toEqual([1, 2]);
    const answers = await cluster.store.loadResponses(told[1]!.seq);
    expect(answers.map(({ id }) => id)).toEqual(['answered', 'returned']);
    expect(answers[0]).toEqual(answered.record);
    expect(await groupOfSlot(150)).toBe(2);
  });

  it('is taken back when a proxy is silent, and the operator told which', async () => {
    const good = await cluster.proxy('good');
    const bad = await cluster.proxy('bad', { answers: 'never' });
    await expect(cluster.client.setSlots(toGroup2)).rejects.toMatchObject({
      message:
        `proxy bad (${bad.record.addr}) did not acknowledge within 5 s: ` +
        'slots 100-199 to group 2, online was taken back',
      status: 504,
    });
    expect(await groupOfSlot(150)).toBe(1);
    // The others have been told of both, and have acknowledged both.
    const [change, undo] = (await cluster.actions()).slice(-2);
    expect(JSON.parse(undo!.data).target).toEqual({
      from: 100,
      to: 199,
      status: 'online',
      group_id: 1,
    });
    for (const { seq } of [change!, undo!]) {
      expect(await cluster.store.loadResponses(seq)).toEqual([good.record]);
    }
    expect(await cluster.coordinator.get(cluster.store.paths.unannounced)).toBeNull();
  });

  it('does not wait for a proxy that dies meanwhile', async () => {
    const doomed = await cluster.proxy('doomed', { answers: 'never' });
    const before = (await cluster.actions()).length;
    const change = cluster.client.setSlots(toGroup2);
    await eventually('the action is published', async () => {
      return (await cluster.actions()).length > before;
    });
    await doomed.die();
    await change;
    expect(await groupOfSlot(150)).toBe(2);
  });

  it('does not wait for a killed proxy whose node has not expired yet', async () => {
    const killed = await cluster.proxy('killed', { answers: 'never' });
    await killed.closePorts();
    await cluster.client.setSlots(toGroup2);
    expect(await groupOfSlot(150)).toBe(2);
    expect(await cluster.client.listProxies()).toHaveLength(1);
  });

  it('still waits for a proxy that has lost the coordinator and goes on serving', async () => {
    const cutOff = await cluster.proxy('cut-off', { answers: 'never' });
    const before = (await cluster.actions()).length;
    const change = cluster.client.setSlots(toGroup2).catch((error: unknown) => error);
    await eventually('the action is published', async () => {
      return (await cluster.actions()).length > before;
    });
    await cutOff.loseCoordinator();
    expect(await change).toMatchObject({ message: expect.stringContaining('proxy cut-off') });
    expect(await groupOfSlot(150)).toBe(1);
  });

  it('takes a later life of a proxy for another one', async () => {
    const former = await cluster.proxy('proxy_1', { answers: 'never' });
    await former.die();
    const later = await cluster.proxy('proxy_1');
    await cluster.client.setSlots(toGroup2);
    expect(await cluster.store.loadResponses((await lastAction()).seq)).toEqual([later.record]);
  });

  it('also asks a proxy that is marked offline and drains', async () => {
    const draining = await cluster.proxy('draining', {
      state: 'mark_offline',
      drains: 'for ever',
    });
    await cluster.client.setSlots(toGroup2);
    expect(await cluster.store.loadResponses((await lastAction()).seq)).toEqual([draining.record]);
  });
});

describe('fences', () => {
  it('of killed proxies are removed when their address refuses connections', async () => {
    const killed = await cluster.proxy('killed');
    await killed.die();
    expect(await cluster.store.loadFences()).toEqual([killed.record.addr]);
    await cluster.client.setSlots(toGroup2);
    expect(await cluster.store.loadFences()).toEqual([]);
    expect(await groupOfSlot(150)).toBe(2);
  });

  it('of proxies that may still serve stop a change before anything is written', async () => {
    const cutOff = await cluster.proxy('cut-off');
    await cutOff.loseCoordinator();
    const before = await cluster.actions();
    const { addr } = cutOff.record;
    await expect(cluster.client.setSlots(toGroup2)).rejects.toMatchObject({
      message: `the proxy at ${addr} is not registered but may still serve clients`,
      hint: 'stop it, then: codis-config action remove-fence',
      status: 409,
    });
    expect(await groupOfSlot(150)).toBe(1);
    expect(await cluster.actions()).toEqual(before);

    await cluster.client.removeFences();
    expect(await cluster.store.loadFences()).toEqual([]);
    await cluster.client.setSlots(toGroup2);
    expect(await groupOfSlot(150)).toBe(2);
  });

  it('do not stop what needs no confirmation', async () => {
    const cutOff = await cluster.proxy('cut-off');
    await cutOff.loseCoordinator();
    await cluster.client.addGroup(3);
    const master = await cluster.redis();
    await expect(cluster.client.addServer(3, master.addr, 'master')).rejects.toThrow('may still');
    expect((await cluster.client.getGroup(3)).servers).toBeNull();
  });

  it('of registered proxies are not removed by the operator', async () => {
    const live = await cluster.proxy('live', { state: 'offline' });
    await cluster.client.removeFences();
    expect(await cluster.store.loadFences()).toEqual([live.record.addr]);
  });
});

describe('several changes at once', () => {
  it('are made one after the other', async () => {
    await cluster.proxy('proxy_1');
    const groups = Array.from({ length: 12 }, (_, index) => (index % 2) + 1);
    await Promise.all(
      groups.map((new_group) => cluster.client.setSlots({ ...toGroup2, new_group })),
    );
    const slots = await cluster.client.listSlots();
    const owners = new Set(slots.slice(100, 200).map((slot) => slot.group_id));
    expect(owners.size).toBe(1);
    const { content } = await lastAction();
    expect(content.target).toMatchObject({ group_id: [...owners][0] });
  });
});
