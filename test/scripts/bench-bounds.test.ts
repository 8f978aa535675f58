import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { atMost } from '../../scripts/bench-bounds/figure.js';
import type { BoundsResult } from '../../scripts/bench-bounds/report.js';
import { eventually } from '../support/eventually.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { PROJECT } from './local-cluster.js';

const SCRIPT = join(PROJECT, 'scripts', 'bench-bounds.mjs');

it('npm run bench:bounds measures clients, memory and latencies', async () => {
  const jsonFile = join(temporaryFolder(), 'result.json');
  const bench = new TestProcess(process.execPath, [
    SCRIPT,
    ...['--cases', 'idle,storm,slow-readers,frozen', '--connections', '200', '--readers', '3'],
    ...['--read-seconds', '1', '--rest-seconds', '1', '--rounds', '1', '--seconds', '1'],
    ...['--json', jsonFile],
  ]);
  const { code } = await bench.exited;
  expect(`${code} ${bench.stderr}`).toMatch(/^0 /);
  const { figures } = JSON.parse(readFileSync(jsonFile, 'utf8')) as BoundsResult;
  for (const what of [
    /^200 idle connections: each$/,
    /^200 clients once more: all served after$/,
    /^3 slow readers of 10 MB replies: more memory at most$/,
    /^a frozen server: p99 of the other group/,
    /fail after$/,
  ]) {
    expect(figures.filter((figure) => what.test(figure.what))).toHaveLength(1);
  }
  expect(bench.stdout).toMatch(/^200 idle connections: each +<= 8 KB +[\d.-]+ KB +\w+$/m);
}, 120_000);

it('an interrupted run leaves nothing', async () => {
  const bench = new TestProcess(process.execPath, [SCRIPT, '--cases', 'soak']);
  await eventually('it measures', () => bench.stderr.includes('soak: 2 min'), 60_000);
  expect(await bench.stop('SIGINT')).toEqual({ code: 1, signal: null });
  expect(bench.stderr).toContain('bench:bounds: interrupted');
});

it('a figure is met up to its limit', () => {
  expect(atMost('x', 8, 8, ' KB')).toMatchObject({ wanted: '<= 8 KB', isMet: true });
  expect(atMost('x', 8, 8.01)).toMatchObject({ measured: '8.01', isMet: false });
});
