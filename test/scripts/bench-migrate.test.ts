import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { clusterKeys, codisKeys, contentOf } from '../../scripts/bench-migrate/keys.js';
import { latencyOf, Waits } from '../../scripts/bench-migrate/latency.js';
import { parseOptions } from '../../scripts/bench-migrate/options.js';
import { renderReport } from '../../scripts/bench-migrate/report.js';
import type { BenchResult } from '../../scripts/bench-migrate/results.js';
import { COMPILER, MAKE } from '../../scripts/local-cluster/programs.js';
import { eventually } from '../support/eventually.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { PROJECT } from './local-cluster.js';

const canBuild = [COMPILER, MAKE].every(({ isPresent }) => isPresent());

describe('npm run bench:migrate', () => {
  it('moves slots beside redis-cli, and tells what clients noticed', async () => {
    const jsonFile = join(temporaryFolder(), 'result.json');
    const bench = new TestProcess(process.execPath, [
      join(PROJECT, 'scripts', 'bench-migrate.mjs'),
      ...['--rounds', '1', '--keys', '1000', '--seconds', '0.2', '--connections', '4'],
      ...['--json', jsonFile, ...(canBuild ? [] : ['--no-module'])],
    ]);
    const { code } = await bench.exited;
    expect(`${code} ${bench.stderr}`).toMatch(/^0 /);

    const result = JSON.parse(readFileSync(jsonFile, 'utf8')) as BenchResult;
    const ours = canBuild ? ['codis-ts', 'codis-ts, module'] : ['codis-ts'];
    expect(result.moves.map(({ name }) => name)).toEqual([
      ...['redis-cli, 8192 slots', 'redis-cli, 512 slots', ...ours],
    ]);
    for (const { rounds } of result.moves) {
      expect(rounds).toHaveLength(1);
      expect(rounds[0]!.seconds).toBeGreaterThan(0);
    }
    expect(result.empty.map(({ name }) => name)).toEqual(ours);
    for (const { rounds } of result.empty) expect(rounds[0]!.latency.operations).toBeGreaterThan(0);
    expect(result.loads.map(({ name }) => name)).toEqual(ours);
    for (const { capacity, rounds } of result.loads) {
      expect(capacity).toBeGreaterThan(0);
      expect(rounds[0]!.keysMoved).toBeGreaterThanOrEqual(1000);
      for (const latency of [rounds[0]!.with, rounds[0]!.without]) {
        expect(latency.maxMs).toBeGreaterThanOrEqual(latency.p99Ms);
        expect(latency.p99Ms).toBeGreaterThanOrEqual(latency.p50Ms);
      }
    }

    expect(bench.stdout).toMatch(
      /^codis-ts: keys\/s to redis-cli, 8192 slots +>= 2\.5 +[\d.]+ +\w+$/m,
    );
    expect(bench.stdout).toMatch(/^codis-ts: 512 empty slots, s +< 10 +[\d.]+ +\w+$/m);
    expect(bench.stdout).toMatch(/^codis-ts: longest wait, ms +<= 50 +[\d.]+ +\w+$/m);
    expect(renderReport(result, 'markdown')).toMatch(/^\| codis-ts +\| +[\d,]+ \|/m);
  }, 180_000);

  it('moves a large hash, and tells what clients of other keys noticed', async () => {
    const bench = new TestProcess(process.execPath, [
      join(PROJECT, 'scripts', 'bench-migrate.mjs'),
      ...['--large-hash', '3000', '--seconds', '0.2', '--connections', '4'],
    ]);
    const { code } = await bench.exited;
    expect(`${code} ${bench.stderr}`).toMatch(/^0 /);
    expect(bench.stdout).toMatch(
      /a hash of 3,000 fields of 40 bytes moved with its slots in [\d.]+ s/,
    );
    expect(bench.stdout).toMatch(/^while it moves +[\d,]+ +[\d.]+ +[\d.]+ /m);
    expect(bench.stdout).toMatch(/^p99 of other keys below 50 ms: (met|MISSED)$/m);
  }, 180_000);

  it('an interrupted run leaves nothing', async () => {
    const bench = new TestProcess(process.execPath, [
      join(PROJECT, 'scripts', 'bench-migrate.mjs'),
      ...['--no-module', '--keys', '1000'],
    ]);
    await eventually('it measures', () => bench.stderr.includes('round 1 of 5: redis-cli'), 60_000);
    expect(await bench.stop('SIGINT')).toEqual({ code: 1, signal: null });
    expect(bench.stderr).toContain('bench:migrate: interrupted');
  });
});

describe('its parts', () => {
  it('keys: those that move, and those in between', () => {
    const { moving, staying } = codisKeys(100);
    expect(moving).toHaveLength(100);
    expect(moving.every((key) => slotOf(key) < 512)).toBe(true);
    expect(staying.every((key) => slotOf(key) >= 512)).toBe(true);
    expect(staying.length).toBeGreaterThan(50);
    expect(contentOf(moving[0]!, 12)).toHaveLength(64);
    // That these are the right ones is seen when redis-cli moves them: none may be left.
    expect(clusterKeys(100, 512)).toHaveLength(100);
  });

  it('latencies', () => {
    const waits = new Waits();
    for (let wait = 1000; wait > 0; wait--) waits.add(wait);
    expect(latencyOf(waits, 2, 3)).toEqual({
      ...{ operations: 1000, perSecond: 500 },
      ...{ p50Ms: 500, p99Ms: 990, p999Ms: 999, maxMs: 1000, ownDelayMs: 3 },
    });
    expect(latencyOf(new Waits(), 1, 0).maxMs).toBe(0);
  });

  it('options', () => {
    expect(parseOptions(['--quick'])).toMatchObject({ rounds: 1, keys: 20_000, withModule: true });
    expect(parseOptions(['--no-module', '--rounds', '3'])).toMatchObject({
      ...{ rounds: 3, keys: 100_000, withModule: false },
    });
  });
});
