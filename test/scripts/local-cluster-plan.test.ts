import { describe, expect, test } from 'vitest';
import type { GroupRecord } from '../../cluster/model/group.js';
import { initialSlot } from '../../cluster/model/slot.js';
import { type Options, parseOptions } from '../../scripts/local-cluster/options.js';
import {
  makePlan,
  portsOf,
  type RecordedCluster,
  type RecordedServer,
} from '../../scripts/local-cluster/plan.js';
import { checkPorts } from '../../scripts/local-cluster/ports.js';
import { giveUp, reconcile } from '../../scripts/local-cluster/reconcile.js';
import { rangesOf, rangesWithoutGroup } from '../../scripts/local-cluster/set-up.js';

const options = (line = ''): Options => parseOptions(line.split(' ').filter(Boolean), '/project');
const planned = (line = '', recorded: RecordedCluster | null = null) =>
  makePlan(options(line), recorded).cluster.servers.map(({ group, port }) => [group, port]);

const twoGroups: RecordedCluster = {
  product: 'test',
  coordinator: { kind: 'embedded' },
  servers: [
    { group: 1, port: 6381, state: 'added' },
    { group: 1, port: 6382, state: 'added' },
    { group: 2, port: 6383, state: 'added' },
    { group: 2, port: 6384, state: 'added' },
  ],
  slotsAssigned: true,
};

describe('servers', () => {
  test('two groups of a master and a replica by default', () => {
    expect(planned()).toEqual([
      [1, 6381],
      [1, 6382],
      [2, 6383],
      [2, 6384],
    ]);
  });

  test('as many as asked for, from the port asked for', () => {
    expect(planned('--groups 1 --replicas 2 --redis-port 7000')).toEqual([
      [1, 7000],
      [1, 7001],
      [1, 7002],
    ]);
  });

  test('those on record stay where they are; new ones come after them', () => {
    expect(planned('--groups 3 --replicas 0', twoGroups)).toEqual([...planned(), [3, 6385]]);
    expect(planned('--replicas 2', twoGroups)).toEqual([...planned(), [1, 6385], [2, 6386]]);
    expect(planned('--groups 1', twoGroups)).toEqual(planned());
    expect(planned('', twoGroups)).toEqual(planned());
  });

  test('moving those on record is refused', () => {
    expect(() => planned('--redis-port 7000', twoGroups)).toThrow(
      'the Redis servers of /project/data listen from port 6381 on',
    );
  });

  test('a start that set up nothing binds nobody', () => {
    const servers = twoGroups.servers.map((server) => ({
      ...server,
      state: 'planned' as const,
    }));
    const recorded = { ...twoGroups, servers, slotsAssigned: false };
    expect(planned('--groups 1 --replicas 0 --redis-port 7000', recorded)).toEqual([[1, 7000]]);
  });
});

describe('servers whose start was cut short', () => {
  const more = (...servers: RecordedServer[]): RecordedCluster => ({
    ...twoGroups,
    servers: [...twoGroups.servers, ...servers],
  });
  const third: RecordedServer = { group: 3, port: 6385, state: 'planned' };
  const group = (id: number, ...addrs: string[]): GroupRecord => ({
    id,
    product_name: 'test',
    servers: addrs.map((addr, index) => ({
      type: index === 0 ? 'master' : 'slave',
      group_id: id,
      addr,
    })),
  });
  const ours = [
    group(1, '127.0.0.1:6381', '127.0.0.1:6382'),
    group(2, '127.0.0.1:6383', '127.0.0.1:6384'),
  ];

  test('a plain start goes on with what is planned, and infers no more from it', () => {
    const uneven = more({ group: 1, port: 6385, state: 'added' });
    expect(makePlan(options(), uneven).cluster).toEqual(uneven);
    expect(makePlan(options(), more(third)).cluster).toEqual(more(third));
  });

  test('what was given up is planned again if it is asked for again, on the same port', () => {
    const givenUp = more({ ...third, state: 'given up' });
    expect(makePlan(options('--groups 3 --replicas 0'), givenUp).cluster).toEqual(more(third));
    expect(portsOf(makePlan(options(), givenUp)).map(({ port }) => port)).not.toContain(6385);
    expect(planned('--replicas 2', givenUp).slice(-2)).toEqual([
      [1, 6386],
      [2, 6387],
    ]);
  });

  test('only a cluster that serves without them gives servers up', () => {
    expect(giveUp(more(third))).toEqual(more({ ...third, state: 'given up' }));
    const unfinished = { ...more(third), slotsAssigned: false };
    expect(giveUp(unfinished)).toEqual(unfinished);
  });

  test('what the coordinator has on record decides', () => {
    const givenUp: RecordedServer = { group: 1, port: 6386, state: 'given up' };
    expect(reconcile(more(third, givenUp), ours)).toEqual({ cluster: more(third), foreign: [] });
    // Killed after it was added and before that was noted.
    const added = [group(1, '127.0.0.1:6381', '127.0.0.1:6386'), ours[1]!];
    expect(reconcile(more(givenUp), added).cluster).toEqual(more({ ...givenUp, state: 'added' }));
    const byHand = group(3, '10.0.0.1:6391');
    expect(reconcile(more(third), [...ours, byHand])).toEqual({
      cluster: twoGroups,
      foreign: [byHand],
    });
    expect(reconcile(more(third), [...ours, group(3)]).cluster).toEqual(more(third));
  });

  test('metadata that was removed is set up again', () => {
    const { cluster } = reconcile(more({ ...third, state: 'given up' }), []);
    expect(cluster.slotsAssigned).toBe(false);
    expect(cluster.servers.map(({ state }) => state)).toEqual(Array(4).fill('planned'));
  });
});

describe('coordinator', () => {
  const coordinator = (line: string, recorded: RecordedCluster | null = null) =>
    makePlan(options(line), recorded).cluster.coordinator;

  test('embedded, of our own, or one that runs', () => {
    expect(coordinator('')).toEqual({ kind: 'embedded' });
    expect(coordinator('--coordinator zookeeper')).toEqual({ kind: 'zookeeper', port: 2181 });
    expect(coordinator('--zk 10.0.0.1:2181')).toEqual({ kind: 'external', zk: '10.0.0.1:2181' });
  });

  test('a folder keeps the one it was made with', () => {
    const zookeeper = { kind: 'zookeeper', port: 2281 } as const;
    expect(coordinator('', { ...twoGroups, coordinator: zookeeper })).toEqual(zookeeper);
    expect(() => coordinator('--coordinator zookeeper', twoGroups)).toThrow(
      'holds a cluster whose coordinator is embedded',
    );
    expect(() => makePlan(options('--product other'), twoGroups)).toThrow('holds the product test');
  });
});

describe('ports', () => {
  test('two parts that want the same one are told apart before anything starts', async () => {
    const plan = makePlan(options('--proxy-port 29000 --dashboard-port 29001'), null);
    await expect(checkPorts(portsOf(plan))).rejects.toMatchObject({
      message: 'port 29001 is planned for proxy_2 and for the dashboard',
      hint: 'choose another first port with --proxy-port or --dashboard-port',
    });
  });

  test('no port beyond the last', async () => {
    const plan = makePlan(options('--proxy-port 65535'), null);
    await expect(checkPorts(portsOf(plan))).rejects.toThrow('beyond 65535');
  });
});

describe('slots', () => {
  const slots = Array.from({ length: 1024 }, (_, id) => initialSlot('test', id));

  test('equal ranges for the groups', () => {
    expect(rangesWithoutGroup(slots, [1, 2])).toEqual([
      { from: 0, to: 511, group: 1 },
      { from: 512, to: 1023, group: 2 },
    ]);
    expect(rangesWithoutGroup(slots, [1, 2, 3]).map(({ from }) => from)).toEqual([0, 342, 683]);
  });

  test('slots that have a group keep it', () => {
    const some = slots.map((slot) => (slot.id === 600 ? { ...slot, group_id: 7 } : slot));
    expect(rangesWithoutGroup(some, [1, 2])).toEqual([
      { from: 0, to: 511, group: 1 },
      { from: 512, to: 599, group: 2 },
      { from: 601, to: 1023, group: 2 },
    ]);
    expect(rangesOf(some)).toEqual([{ from: 600, to: 600, group: 7 }]);
  });
});
