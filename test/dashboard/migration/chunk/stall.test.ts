import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyInPieces } from '../../../../dashboard/migration/chunk/copy-in-pieces.js';
import { ServerConnection } from '../../../../dashboard/migration/server-connection.js';
import { all, digest, KEY, one, ServerPair, TEMPORARY_KEY } from './support.js';

const FIELDS = 500_000;
const AT_ONCE = 10_000;

let pair: ServerPair;
beforeAll(async () => {
  pair = await ServerPair.start([]);
  const indexes = Array.from({ length: AT_ONCE }, (_, index) => index);
  for (let from = 0; from < FIELDS; from += AT_ONCE) {
    const pairs = indexes.flatMap((index) => [`field:${from + index}`, 'v'.repeat(40)]);
    await one(pair.source, 'HSET', KEY, ...pairs);
  }
});
afterAll(() => pair.stop());

interface Latency {
  readonly calls: number;
  readonly p99: number;
  readonly max: number;
}

/** What another client sees of a server while the work lasts; milliseconds. */
async function latencyDuring<T>(addr: string, work: Promise<T>): Promise<Latency> {
  const client = await ServerConnection.open(addr, '');
  const times: number[] = [];
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  work.then(end, end);
  while (!isOver) {
    const begin = performance.now();
    await client.call([...(times.length % 2 === 0 ? ['PING'] : ['GET', 'other'])]);
    times.push(performance.now() - begin);
  }
  client.close();
  times.sort((one, other) => one - other);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  return { calls: times.length, p99: at(0.99), max: times.at(-1)! };
}

/** At the source and at the target. */
async function latencies<T>(work: Promise<T>): Promise<[Latency, Latency]> {
  const [source, target] = pair.addrs;
  const [atSource, atTarget] = await Promise.all([
    latencyDuring(source, work),
    latencyDuring(target, work),
  ]);
  await work;
  return [atSource, atTarget];
}

function describe(all: readonly Latency[]): string {
  return all
    .map(
      ({ calls, p99, max }) =>
        `  ${calls} calls, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`,
    )
    .join('\n');
}

/** From here on its log of slow commands has those of a millisecond and more. */
async function forgetSlowest(server: ServerConnection): Promise<void> {
  await one(server, 'CONFIG', 'SET', 'slowlog-log-slower-than', '1000');
  await one(server, 'CONFIG', 'SET', 'slowlog-max-len', '100000');
  await one(server, 'SLOWLOG', 'RESET');
}

/** By the server's own clock; milliseconds, 0 if none took as much as one. */
async function slowestCommand(server: ServerConnection): Promise<number> {
  const entries = (await one(server, 'SLOWLOG', 'GET', '-1')) as [number, number, number][];
  return Math.max(0, ...entries.map(([, , microseconds]) => microseconds / 1000));
}

it('other clients are served while a hash of 500,000 fields is copied', async () => {
  const before = await digest(pair.source);
  const [source, target] = await pair.connect();
  const servers = [pair.source, pair.target];
  for (const server of servers) await forgetSlowest(server);
  const begin = performance.now();
  const copy = copyInPieces(source, target, 0, KEY, TEMPORARY_KEY);
  const pieces = await latencies(copy);
  const seconds = (performance.now() - begin) / 1000;
  expect(await copy).not.toBeNull();
  const slowest = await Promise.all(servers.map(slowestCommand));
  expect((await digest(pair.target, TEMPORARY_KEY)).slice(0, 2)).toEqual(before.slice(0, 2));
  await one(pair.target, 'UNLINK', TEMPORARY_KEY);
  source.close();
  target.close();

  const [, port] = pair.addrs[1].split(':');
  const migrate = all(pair.source, [['MIGRATE', '127.0.0.1', port!, KEY, 0, 60_000]]);
  const whole = await latencies(migrate);
  console.log(
    `in pieces, ${seconds.toFixed(1)} s:\n${describe(pieces)}\n`,
    `longest command: ${slowest.map((ms) => `${ms.toFixed(1)} ms`).join(', ')}\n`,
    `by MIGRATE:\n${describe(whole)}`,
  );
  const stall = Math.max(...whole.map(({ max }) => max));
  for (const { max, calls } of pieces) {
    expect(calls).toBeGreaterThan(100);
    expect(max).toBeLessThan(stall / 2);
  }
});
