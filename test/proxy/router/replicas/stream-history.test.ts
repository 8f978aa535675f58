import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseReplication } from '../../../../proxy/router/replicas/replication-probe.js';
import { StreamHistory } from '../../../../proxy/router/replicas/stream-history.js';

const ID = 'a'.repeat(40);

it('tells since when a replica has missed something', () => {
  const history = new StreamHistory(10_000);
  expect(history.lagMs(ID, 0, 0)).toBe(null);
  history.note(ID, 100, 1000);
  history.note(ID, 100, 2000);
  history.note(ID, 150, 3000);
  expect(history.lagMs(ID, 150, 3000)).toBe(0);
  expect(history.lagMs(ID, 149, 3000)).toBe(0);
  expect(history.lagMs(ID, 120, 3500)).toBe(500);
  expect(history.lagMs(ID, 99, 3500)).toBe(2500);
  // Nothing was heard of the master since.
  expect(history.lagMs(ID, 150, 3700)).toBe(700);
  expect(history.lagMs('b'.repeat(40), 150, 3000)).toBe(null);
});

it('begins anew with another stream', () => {
  const history = new StreamHistory(10_000);
  history.note(ID, 1000, 0);
  history.note('b'.repeat(40), 10, 100);
  expect(history.lagMs(ID, 1000, 100)).toBe(null);
  expect(history.lagMs('b'.repeat(40), 10, 100)).toBe(0);
});

it('never says that a replica is newer than it is, as far as lags count', () => {
  const KEPT = 1000;
  fc.assert(
    fc.property(
      fc.array(fc.record({ afterMs: fc.nat(400), bytes: fc.nat(50) }), { minLength: 1 }),
      fc.nat(),
      fc.nat(2000),
      (steps, seed, laterMs) => {
        const history = new StreamHistory(KEPT);
        const written: { atMs: number; offset: number }[] = [];
        let [nowMs, offset] = [0, 0];
        for (const { afterMs, bytes } of steps) {
          nowMs += afterMs;
          offset += bytes;
          written.push({ atMs: nowMs, offset });
          history.note(ID, offset, nowMs);
        }
        const at = written[seed % written.length]!.offset;
        const told = history.lagMs(ID, at, nowMs + laterMs)!;
        const missed = written.find((mark) => mark.offset > at);
        const right = nowMs + laterMs - (missed?.atMs ?? nowMs);
        expect(Math.min(told, KEPT)).toBe(Math.min(right, KEPT));
      },
    ),
  );
});

it('reads what servers say', () => {
  const master = 'role:master\r\nmaster_replid:abc\r\nmaster_repl_offset:42\r\n';
  const replica =
    'role:slave\r\nmaster_sync_in_progress:1\r\nslave_repl_offset:40\r\nmaster_replid:abc\r\nmaster_repl_offset:40\r\n';
  expect(parseReplication(master)).toEqual({
    ...{ isReplica: false, id: 'abc', offset: 42, isSyncing: false },
  });
  expect(parseReplication(replica)).toEqual({
    ...{ isReplica: true, id: 'abc', offset: 40, isSyncing: true },
  });
});
