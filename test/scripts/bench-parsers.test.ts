import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hottestFunctions } from '../../scripts/bench/cpu-profile.js';
import { median } from '../../scripts/bench/measurement.js';
import { parseOptions } from '../../scripts/bench/options.js';
import { machineCpuMicros, usageOf } from '../../scripts/bench/process-usage.js';
import { parseBenchmarkOutput } from '../../scripts/bench/redis-benchmark.js';
import { parseTarget } from '../../scripts/bench/target.js';
import { alignedTable, markdownTable } from '../../scripts/bench/text-table.js';
import { eventually } from '../support/eventually.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { startRedis } from '../support/redis-server.js';

// As redis-benchmark 7.0 prints it, with the progress line that is rewritten in place.
const OUTPUT = `WARNING: Could not fetch server CONFIG
SET: rps=412000.0 (overall: 412000.0) avg_msec=0.600 (overall: 0.600)\r                    \r====== SET ======
  500000 requests completed in 0.47 seconds
  50 parallel clients

Latency by percentile distribution:
0.000% <= 0.167 milliseconds (cumulative count 32)
50.000% <= 0.615 milliseconds (cumulative count 253568)
99.805% <= 2.839 milliseconds (cumulative count 499024)
99.902% <= 2.983 milliseconds (cumulative count 499520)
100.000% <= 3.255 milliseconds (cumulative count 500000)

Cumulative distribution of latencies:
99.952% <= 3.103 milliseconds (cumulative count 499760)

Summary:
  throughput summary: 1052631.62 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.668     0.160     0.615     1.159     1.703     3.255
`;

describe('parseBenchmarkOutput', () => {
  it('reads the figures', () => {
    expect(parseBenchmarkOutput(OUTPUT)).toEqual({
      requests: 500_000,
      seconds: 0.47,
      requestsPerSecond: 1_052_631.62,
      p50Ms: 0.615,
      p99Ms: 1.703,
      p999Ms: 2.983,
    });
  });

  it('does not take a run for one that was answered with errors', () => {
    const withError = `Error from server: ERR slot 7 is in no group\n${OUTPUT}`;
    expect(() => parseBenchmarkOutput(withError)).toThrow('answered with errors');
  });

  it('does not take half a report for one', () => {
    expect(() => parseBenchmarkOutput(OUTPUT.slice(0, 700))).toThrow('unexpected');
  });

  it('reads what the installed redis-benchmark prints', async () => {
    const redis = await startRedis();
    const args = ['-p', String(redis.port), '-n', '2000', '-P', '4', '--precision', '3'];
    const output = execFileSync('redis-benchmark', [...args, 'get', 'key:__rand_int__'], {
      encoding: 'utf8',
    });
    const result = parseBenchmarkOutput(output);
    await redis.stop();
    expect(result.requests).toBe(2000);
    expect(result.requestsPerSecond).toBeGreaterThan(0);
    expect(result.p999Ms).toBeGreaterThanOrEqual(result.p50Ms);
  });
});

describe('arguments', () => {
  it('reads a target with and without a process', () => {
    expect(parseTarget('predixy=10.0.0.1:7617')).toEqual({
      name: 'predixy',
      address: { host: '10.0.0.1', port: 7617 },
      pid: null,
    });
    expect(parseTarget('other=127.0.0.1:1#42').pid).toBe(42);
    expect(() => parseTarget('127.0.0.1:1')).toThrow('is not a target');
    expect(() => parseTarget('a=nowhere')).toThrow('is not an address');
  });

  it('refuses two targets of one name', () => {
    expect(() => parseOptions(['--target', 'direct=127.0.0.1:1'])).toThrow('already a target');
  });

  it('measures fewer keys where values are large', () => {
    expect(parseOptions([]).keys).toBe(100_000);
    const { keys, valueSize } = parseOptions(['--value-size', '1048576']);
    expect(keys * valueSize).toBeLessThan(2 ** 29);
  });
});

describe('median', () => {
  it('is the middle, or the mean of the middle two', () => {
    expect(median([9])).toBe(9);
    expect(median([3, 100, 2])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('usageOf', () => {
  it('counts the processor time and memory of a process and its children', async () => {
    // The child ends with its parent.
    const busy = 'const p = process.ppid; while (process.ppid === p);';
    const parent = new TestProcess('/bin/sh', ['-c', `'${process.execPath}' -e '${busy}' & wait`]);
    const usage = await eventually('the child has used 300 ms', () => {
      const now = usageOf(parent.pid);
      return now && now.cpuMicros > 300_000 ? now : null;
    });
    // No shell takes so much.
    expect(usage.rssBytes).toBeGreaterThan(20 * 2 ** 20);
    expect(usage.peakRssBytes).toBeGreaterThan(20 * 2 ** 20);
    expect(machineCpuMicros()).toBeGreaterThan(usage.cpuMicros);
    await parent.stop('SIGKILL');
    expect(usageOf(parent.pid)).toBeNull();
  });
});

describe('tables', () => {
  const head = ['test', 'requests/s'];
  const rows = [
    ['SET', '1'],
    ['GET', '20'],
  ];

  it('align columns, numbers to the right', () => {
    expect(alignedTable(head, rows, 1).split('\n')).toEqual([
      'test  requests/s',
      '----  ----------',
      'SET            1',
      'GET           20',
    ]);
    expect(markdownTable(head, rows, 1).split('\n')).toEqual([
      '| test | requests/s |',
      '| ---- | ---------: |',
      '| SET  |          1 |',
      '| GET  |         20 |',
    ]);
  });
});

describe('hottestFunctions', () => {
  it('shares out the busy time of a profile, idle time left out', () => {
    const frame = (functionName: string, url = '') => ({
      functionName,
      url,
      lineNumber: 9,
      columnNumber: 0,
      scriptId: '1',
    });
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'CPU.1.cpuprofile'),
      JSON.stringify({
        nodes: [
          { id: 1, callFrame: frame('(idle)') },
          { id: 2, callFrame: frame('frame', 'file:///x/dist/resp/framer.js') },
          { id: 3, callFrame: frame('(garbage collector)') },
        ],
        samples: [1, 2, 3, 2],
        timeDeltas: [1000, 200, 100, 100],
      }),
    );
    expect(hottestFunctions(folder, 5)).toEqual([
      { name: 'frame resp/framer.js:10', share: 0.75 },
      { name: '(garbage collector)', share: 0.25 },
    ]);
    expect(hottestFunctions(folder, 1)).toHaveLength(1);
  });
});
