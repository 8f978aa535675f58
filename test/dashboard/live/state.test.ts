import { describe, expect, it } from 'vitest';
import { applyUpdate, type LiveJob, type LiveState } from '../../../dashboard/api/live-contract.js';
import { percentiles, spreadBetween, sumSpreads } from '../../../dashboard/live/latency.js';
import { readMetrics } from '../../../dashboard/live/metrics-text.js';
import { ProblemList } from '../../../dashboard/live/problems.js';
import { Rates } from '../../../dashboard/live/rates.js';
import { updateBetween } from '../../../dashboard/live/update.js';
import { sampleServer, sampleState } from './sample-state.js';

describe('updates', () => {
  it('have what has changed and nothing else, and give the whole again', () => {
    const before = sampleState(3, 2);
    const after: LiveState = {
      ...structuredClone(before),
      at: before.at + 1_000,
      fences: ['10.0.0.1:19000'],
    };
    after.servers['10.0.1.1:6379'] = { ...after.servers['10.0.1.1:6379']!, ops: 17 };
    delete after.proxies.proxy_2;
    after.groups['9'] = { ...after.groups['1']!, id: 9 };
    const update = updateBetween(before, after);
    expect(Object.keys(update).sort()).toEqual(
      ['at', 'fences', 'groups', 'proxies', 'servers', 'type'].sort(),
    );
    expect(Object.keys(update.servers!)).toEqual(['10.0.1.1:6379']);
    expect(update.proxies).toEqual({ proxy_2: null });
    expect(applyUpdate(before, update)).toEqual(after);
    expect(applyUpdate(before, update).slots).toBe(before.slots);
  });

  it('of a cluster in which nothing happens are a time', () => {
    const state = sampleState(2, 1);
    const later = { ...structuredClone(state), at: state.at + 1 };
    expect(updateBetween(state, later)).toEqual({ type: 'update', at: later.at });
  });
});

describe('problems', () => {
  const words = (state: LiveState) =>
    new ProblemList().update(0, state).map((problem) => `${problem.severity} ${problem.words}`);

  it('are none in a cluster that is well', () => {
    expect(words(sampleState(3, 2))).toEqual([]);
  });

  it('are told in the order of their weight', () => {
    const state = sampleState(2, 2);
    state.groups['2'] = { ...state.groups['2']!, master: null };
    state.servers['10.0.1.1:6379'] = {
      ...sampleServer(1, 1),
      ...{ state: 'down', error: 'it refuses connections' },
    };
    state.servers['10.0.1.2:6379'] = { ...sampleServer(1, 2), link: 'down' };
    state.servers['10.0.2.2:6379'] = { ...sampleServer(2, 2), lag_bytes: 64 * 1024 * 1024 };
    state.proxies.proxy_1 = {
      ...state.proxies.proxy_1!,
      ...{ answers: false, error: 'no answer within 2000 ms' },
    };
    state.proxies.proxy_2 = { ...state.proxies.proxy_2!, unreachable: ['10.0.1.1:6379'] };
    state.fences = ['10.0.0.9:19000'];
    state.slots = [
      [0, 99, -1, 'offline', -1],
      [100, 1023, 1, 'online', -1],
    ];
    state.totals = { ...state.totals, slots_offline: 100, slots_online: 924 };
    expect(words(state)).toEqual([
      'critical group 2 has no master, and 512 slots',
      'critical the master 10.0.1.1:6379 of group 1 is down: it refuses connections',
      'critical proxy proxy_1 is silent: no answer within 2000 ms',
      'critical 100 slots are offline (0-99): their keys are refused',
      'warning the replica 10.0.1.2:6379 of group 1 is out of touch with 10.0.1.1:6379',
      'warning the replica 10.0.2.2:6379 of group 2 lags by 64 MB',
      'warning proxy proxy_2 cannot reach 10.0.1.1:6379',
      'warning the proxy at 10.0.0.9:19000 is not registered but may still serve clients',
    ]);
  });

  it('of moves, and of the dashboard itself, are told too', () => {
    const state = sampleState(1, 1);
    state.dashboard = { ...state.dashboard, leader: null, leads: false };
    const job: LiveJob = {
      ...{ state: 'running', message: '', last_error: '' },
      ...{ id: '0000000003', what: 'slots 0-9 to group 2', slots: 10, slots_left: 3 },
      options: { delay: 0, max_keys_per_second: 0, max_stall: 0, large_keys: 'chunk' },
      ...{ create_at: '1', end_at: '', slots_moving: 0, slots_stopped: 3, keys_moved: 0 },
      ...{ keys_total: 0, keys_per_second: 0, seconds_left: null, current_slot: null },
      ...{ left: [], stuck: [] },
    };
    state.jobs = [
      { ...job, state: 'failed', message: 'slot 3: no master' },
      { ...job, id: '4', state: 'paused' },
    ];
    expect(words(state)).toEqual([
      'critical slots 0-9 to group 2: slot 3: no master',
      'warning no dashboard leads at the moment: nothing can be changed, moves rest',
      'info slots 0-9 to group 2 is paused, with 3 slots left',
    ]);
    state.dashboard = { ...state.dashboard, coordinator: 'suspended' };
    expect(words(state)[0]).toContain('critical the coordinator is suspended');
  });

  it('know since when they are there', () => {
    const list = new ProblemList();
    const state = sampleState(1, 1);
    state.fences = ['a:1'];
    expect(list.update(10, state)[0]!.since).toBe(10);
    expect(list.update(20, state)[0]!.since).toBe(10);
    expect(list.update(30, { ...state, fences: [] })).toEqual([]);
    expect(list.update(40, state)[0]!.since).toBe(40);
  });
});

describe('figures', () => {
  it('of counters are rates, and nothing after a restart', () => {
    const rates = new Rates<'ops'>();
    expect(rates.since(0, { ops: 5 })).toBeNull();
    expect(rates.since(500, { ops: 15 })).toEqual({ ops: 20 });
    expect(rates.since(1_000, { ops: 3 })).toBeNull();
    expect(rates.since(2_000, { ops: 4 })).toEqual({ ops: 1 });
  });

  it('of latencies are percentiles of what came in between', () => {
    const boundsUs = [100, 200, 400, Number.POSITIVE_INFINITY];
    const counts = (...cumulative: number[]) => ({ boundsUs, cumulative });
    const spread = spreadBetween(counts(50, 50, 50, 50), counts(50, 149, 150, 150))!;
    expect(spread.counts).toEqual([0, 99, 1, 0]);
    expect(percentiles(spread)).toEqual({ p50: 151, p99: 200, p999: 380 });
    expect(percentiles(sumSpreads([spread, spread])).p50).toBe(151);
    expect(spreadBetween(counts(50, 50, 50, 50), counts(1, 1, 1, 1))).toBeNull();
    expect(percentiles(null)).toEqual({ p50: null, p99: null, p999: null });
    expect(percentiles({ boundsUs, counts: [0, 0, 0, 5] }).p99).toBe(400);
  });

  it('of a proxy are read from its metrics', () => {
    const text = [
      '# HELP codis_proxy_clients Clients connected',
      'codis_proxy_clients 7',
      'codis_proxy_commands_total{command="get"} 10',
      'codis_proxy_commands_total{command="set"} 5',
      'codis_proxy_command_errors_total{command="set"} 2',
      'codis_proxy_command_latency_seconds_bucket{le="0.0001"} 4',
      'codis_proxy_command_latency_seconds_bucket{le="+Inf"} 15',
      'codis_proxy_client_bytes_total{direction="in"} 100',
      'codis_proxy_client_bytes_total{direction="out"} 200',
      'codis_proxy_backend_connections{backend="10.0.0.2:6379",state="waiting"} 1',
      'codis_proxy_backend_connections{backend="10.0.0.1:6379",state="waiting"} 0',
      'codis_proxy_coordinator_state{state="connected"} 1',
      'codis_proxy_coordinator_state{state="expired"} 0',
      'codis_proxy_info{id="p",addr="a:1",version="1.2.3"} 1',
      'process_resident_memory_bytes 12345',
      'something_else 1',
    ].join('\n');
    expect(readMetrics(text)).toEqual({
      ...{ version: '1.2.3', uptimeSeconds: null, workers: null, clients: 7, memory: 12345 },
      ...{ coordinator: 'connected', unreachable: ['10.0.0.2:6379'], commands: 15, errors: 2 },
      ...{ bytesIn: 100, bytesOut: 200 },
      latency: { boundsUs: [100, Number.POSITIVE_INFINITY], cumulative: [4, 15] },
    });
  });
});
