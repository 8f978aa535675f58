import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../base/errors.js';
import { FAULTS } from '../../scripts/chaos/faults.js';
import { parseOptions, selectFaults } from '../../scripts/chaos/options.js';

const names = (asked: readonly string[], coordinator: 'zookeeper' | 'embedded') =>
  selectFaults(asked, coordinator).map(({ name }) => name);

describe('npm run chaos', () => {
  it('takes all faults by default, and a seed of its own', () => {
    const { faults, seed, coordinator, movingMs } = parseOptions([]);
    expect(faults).toEqual(FAULTS);
    expect(coordinator).toBe('zookeeper');
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(movingMs).toBe(5 * 60_000);
  });

  it('takes faults of a kind, or one at a step', () => {
    expect(names(['source', 'dashboard@batch-moved'], 'zookeeper')).toEqual([
      ...['dashboard@batch-moved', 'source@pre_migrate', 'source@migrate'],
    ]);
    expect(names(['none'], 'zookeeper')).toEqual([]);
  });

  it('leaves out what the embedded coordinator cannot suffer', () => {
    expect(names(['proxy', 'coordinator'], 'embedded')).toEqual([
      ...['proxy@pre_migrate', 'proxy@migrate'],
    ]);
    expect(() => selectFaults(['partition'], 'embedded')).toThrow(/need --coordinator=zookeeper/);
  });

  it('says which faults there are', () => {
    expect(() => selectFaults(['earthquake'], 'zookeeper')).toThrow(OperatorError);
    expect(() => selectFaults(['earthquake'], 'zookeeper')).toThrow(/no fault "earthquake"/);
  });
});
