import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { renderChart } from '../../scripts/bench/chart.js';
import { type BenchOptions, parseOptions } from '../../scripts/bench/options.js';
import { renderReport } from '../../scripts/bench/report.js';
import { runBench } from '../../scripts/bench/run-bench.js';
import { findProgram } from '../../scripts/local-cluster/programs.js';
import { measureCase } from '../../scripts/micro-bench/micro-case.js';
import { temporaryFolder } from '../support/process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

let first: RedisServer;
let second: RedisServer;
beforeAll(async () => {
  [first, second] = await Promise.all([startRedis(), startRedis()]);
});
afterAll(() => Promise.all([first.stop(), second.stop()]));

function optionsFor(...more: string[]): BenchOptions {
  const short = ['--rounds', '2', '--seconds', '0.05'];
  const backends = ['--backends', `${first.addr},${second.addr}`];
  return { ...parseOptions([...short, ...backends, ...more]), keys: 1000 };
}

describe('npm run bench', () => {
  it('measures targets side by side and reports their ratios', async () => {
    const other = `other=${second.addr}#${second.process.pid}`;
    const options = optionsFor('--only', 'direct,other', '--target', other, '--pipelines', '1,4');
    const steps: string[] = [];
    const result = await runBench(options, new AbortController().signal, (_done, _total, what) => {
      steps.push(what);
    });

    expect(result.series.map(({ target, cell }) => [cell.test, cell.pipeline, target])).toEqual([
      ['set', 1, 'other'],
      ['set', 1, 'direct'],
      ['set', 4, 'other'],
      ['set', 4, 'direct'],
      ['get', 1, 'other'],
      ['get', 1, 'direct'],
      ['get', 4, 'other'],
      ['get', 4, 'direct'],
    ]);
    for (const { runs, median, target } of result.series) {
      expect(runs).toHaveLength(2);
      expect(median.requestsPerSecond).toBeGreaterThan(0);
      expect(median.cpuMicrosPerOp === null).toBe(target === 'direct');
      expect(median.rssBytes === null).toBe(target === 'direct');
    }
    // Who goes first changes from round to round.
    const firstCell = steps.filter((step) => /^round .*set -P 1 /.test(step));
    expect(firstCell).toEqual([
      'round 1: set -P 1 other',
      'round 1: set -P 1 direct',
      'round 2: set -P 1 direct',
      'round 2: set -P 1 other',
    ]);

    const [, figures, ratios] = renderReport(result, 'text').split('\n\n');
    expect(figures).toMatch(/^GET +4 +other +[\d,]+ +[\d,]+ - [\d,]+ +[\d.]+ /m);
    expect(ratios).toMatch(/^SET +1 +other +direct +\d+\.\d\d +- +\d+\.\d\d +\d+\.\d\d$/m);
    expect(renderReport(result, 'markdown')).toMatch(/^\| GET +\| 4 +\| direct +\|/m);
    expect(renderChart(result).match(/<rect x=/g)).toHaveLength(8);
  });

  it('measures multi-key commands', async () => {
    const options = optionsFor('--only', 'direct', '--tests', 'mget10,mset10', '--pipelines', '1');
    const result = await runBench(options, new AbortController().signal, () => {});
    expect(result.series.map(({ cell }) => cell.test)).toEqual(['mget10', 'mset10']);
  });

  it('does not measure a target that answers wrongly', async () => {
    const locked = await startRedis(['--requirepass', 'secret']);
    const options = optionsFor('--only', 'locked', '--target', `locked=${locked.addr}`);
    const outcome = runBench(options, new AbortController().signal, () => {});
    await expect(outcome).rejects.toThrow(/locked \(.*\) answered unexpectedly: "-NOAUTH/);
    await locked.stop();
  });

  it('names a target that nobody answers for', async () => {
    const gone = await startRedis();
    await gone.stop();
    const options = optionsFor('--only', 'gone', '--target', `gone=${gone.addr}`);
    const outcome = runBench(options, new AbortController().signal, () => {});
    await expect(outcome).rejects.toThrow(`nobody answers for gone at ${gone.addr}`);
  });

  it('names a program that is missing, and how to get it or do without', async () => {
    const path = temporaryFolder();
    symlinkSync(findProgram('redis-cli')!, join(path, 'redis-cli'));
    vi.stubEnv('PATH', path);
    const outcome = runBench(optionsFor(), new AbortController().signal, () => {});
    await expect(outcome).rejects.toMatchObject({
      message: 'nutcracker is not installed',
      hint: expect.stringMatching(/apt-get install nutcracker.*--only/),
    });
    vi.unstubAllEnvs();
  });

  it('stops at once when it is interrupted', async () => {
    const abort = new AbortController();
    const options = { ...optionsFor('--only', 'direct'), seconds: 600 };
    const outcome = runBench(options, abort.signal, (_done, _total, what) => {
      if (what.startsWith('round')) setTimeout(() => abort.abort(), 50);
    });
    await expect(outcome).rejects.toThrow('aborted');
  });
});

describe('npm run bench:micro', () => {
  it('gives the time of one step', () => {
    const result = measureCase(
      {
        name: 'a square root',
        run(times) {
          let sum = 0;
          for (let time = 0; time < times; time++) sum += Math.sqrt(time);
          return sum;
        },
      },
      1,
    );
    expect(result.name).toBe('a square root');
    expect(result.bestNsPerOp).toBeGreaterThan(0);
    expect(result.nsPerOp).toBeGreaterThanOrEqual(result.bestNsPerOp);
  });
});
