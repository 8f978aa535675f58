import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasCompiler, make } from './module-server.js';

const CHECK = join(import.meta.dirname, '..', '..', 'server-patch', 'build', 'slot-table-check');

describe.skipIf(!hasCompiler())('the index of a slot', () => {
  test('is what a plain array says, and touches no memory that is not its own', () => {
    make('asan');
    for (const seed of ['1', '2', String(Date.now() % 100_000)]) {
      const { stdout, stderr } = spawnSync(CHECK, ['100000', seed], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toBe(`100000 steps, seed ${seed}: no difference\n`);
    }
  });
});
