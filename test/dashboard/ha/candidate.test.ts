import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  chooseCandidate,
  type LastMaster,
  type ReplicaAnswer,
} from '../../../dashboard/ha/candidate.js';
import type { RedisState } from '../../../dashboard/service/redis-info.js';

const MASTER = '10.0.0.1:6379';
/** When it was last seen. */
const MASTER_OFFSET = 100;
const NO_ID = '0'.repeat(40);

interface Given {
  offset?: number;
  keys?: number;
  role?: 'master' | 'replica';
  follows?: string;
  fields?: Record<string, string>;
}

function replica(addr: string, given: Given = {}): ReplicaAnswer {
  const { offset = 100, keys = 5, role = 'replica', follows = MASTER, fields = {} } = given;
  const state: RedisState = {
    fields: {
      master_replid: 'a',
      master_replid2: NO_ID,
      master_link_status: 'down',
      master_link_down_since_seconds: '2',
      slave_priority: '100',
      ...fields,
    },
    runId: addr,
    role,
    masterAddr: role === 'replica' ? follows : null,
    offset,
    keyCount: keys,
  };
  return { addr, state };
}

function master(keys = 5): LastMaster {
  const state: RedisState = {
    fields: { master_replid: 'a' },
    runId: 'm',
    role: 'master',
    masterAddr: null,
    offset: MASTER_OFFSET,
    keyCount: keys,
  };
  return { addr: MASTER, state, silentMs: 2_000 };
}

describe('of the replicas', () => {
  it('the one with most of the stream is chosen', () => {
    const answers = [replica('a', { offset: 90 }), replica('b', { offset: 99 }), replica('c')];
    expect(chooseCandidate(answers, master()).chosen).toBe('c');
  });

  it('of equal ones that of the lower replica-priority, then that of the lower address', () => {
    const [a, b] = [replica('a'), replica('b')];
    expect(chooseCandidate([b, a], master()).chosen).toBe('a');
    const preferred = replica('b', { fields: { slave_priority: '10' } });
    expect(chooseCandidate([a, preferred], master()).chosen).toBe('b');
  });

  it('one of the same history goes before one with a longer stream of another', () => {
    const foreign = replica('b', { offset: 10_000, fields: { master_replid: 'x' } });
    expect(chooseCandidate([foreign, replica('a')], master()).chosen).toBe('a');
  });

  test.each<[string, ReplicaAnswer, RegExp]>([
    ['does not answer', { addr: 'r', error: 'no answer within 1000 ms' }, /no answer/],
    ['is empty where the master was not', replica('r', { keys: 0 }), /is empty/],
    ['is loading', replica('r', { fields: { loading: '1' } }), /loading/],
    [
      'is getting its first copy',
      replica('r', { fields: { master_sync_in_progress: '1' } }),
      /whole copy/,
    ],
    [
      'was never in touch',
      replica('r', { fields: { master_link_down_since_seconds: '-1' } }),
      /never been in touch/,
    ],
    [
      'had lost touch long before',
      replica('r', { fields: { master_link_down_since_seconds: '60' } }),
      /lost touch with the master 58 s before/,
    ],
    [
      'follows somebody else',
      replica('r', { follows: '10.9.9.9:1', fields: { master_replid: 'z' } }),
      /follows 10\.9\.9\.9:1/,
    ],
    ['is a master by itself', replica('r', { role: 'master' }), /master by itself/],
    ['must not be promoted', replica('r', { fields: { slave_priority: '0' } }), /priority is 0/],
  ])('one that %s is not', (_, answer, reason) => {
    const choice = chooseCandidate([answer], master());
    expect(choice.chosen).toBeNull();
    expect(choice.judged[0]!.refusal).toMatch(reason);
  });

  it('one that a failover that was cut off has made a master is', () => {
    const promoted = replica('r', { role: 'master', fields: { master_replid2: 'a' } });
    expect(chooseCandidate([promoted, replica('a', { offset: 50 })], master()).chosen).toBe('r');
  });

  it('an empty one is if all is empty', () => {
    expect(chooseCandidate([replica('r', { keys: 0 })], master(0)).chosen).toBe('r');
    const unknown = { ...master(), state: null };
    expect(chooseCandidate([replica('r', { keys: 0 })], unknown).chosen).toBe('r');
    const withData = [replica('r', { keys: 0, offset: 900 }), replica('s')];
    expect(chooseCandidate(withData, unknown).chosen).toBe('s');
  });

  it('an empty one is if the master has become empty: it has more of the stream than is known', () => {
    const emptied = replica('r', { keys: 0, offset: MASTER_OFFSET + 1 });
    expect(chooseCandidate([emptied], master()).chosen).toBe('r');
    const foreign = replica('r', {
      ...{ keys: 0, offset: MASTER_OFFSET + 1, fields: { master_replid: 'x' } },
    });
    expect(chooseCandidate([foreign], master()).chosen).toBeNull();
  });

  it('none has more of the stream than the chosen one and may become the master, too', () => {
    const answer = fc
      .record({
        offset: fc.nat(1_000),
        keys: fc.nat(3),
        role: fc.constantFrom('master' as const, 'replica' as const),
        link: fc.constantFrom('-1', '0', '3', '500'),
        priority: fc.constantFrom('0', '100'),
      })
      .map(({ offset, keys, role, link, priority }) => {
        const fields = { master_link_down_since_seconds: link, slave_priority: priority };
        return { offset, keys, role, fields };
      });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 6 }), (given) => {
        const answers = given.map((each, index) => replica(`r${index}`, each));
        const { chosen, judged } = chooseCandidate(answers, master());
        const eligible = judged.filter(({ refusal }) => refusal === '');
        expect(chosen === null).toBe(eligible.length === 0);
        const offset = judged.find(({ addr }) => addr === chosen)?.offset ?? 0;
        for (const other of eligible) expect(other.offset).toBeLessThanOrEqual(offset);
        for (const [index, { refusal }] of judged.entries()) {
          const { keys, offset: at } = given[index]!;
          if (keys === 0 && at <= MASTER_OFFSET) expect(refusal).not.toBe('');
        }
      }),
    );
  });
});
