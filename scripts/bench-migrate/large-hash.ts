import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import { slotOf } from '../../cluster/slot-hash.js';
import { describeMachine } from '../bench/machine.js';
import { RawConnection } from '../bench/raw-connection.js';
import { Servers } from '../bench/servers.js';
import { alignedTable, markdownTable } from '../bench/text-table.js';
import { command } from '../bench/workload.js';
import { ensurePrograms, REDIS } from '../local-cluster/programs.js';
import { CodisCluster } from './codis-cluster.js';
import { codisKeys, MOVED_SLOTS } from './keys.js';
import type { Latency } from './latency.js';
import { LoadClients } from './load.js';
import type { BenchOptions } from './options.js';

/** Small keys beside the hash, which the clients use. */
const OTHER_KEYS = 10_000;
const RATE = 5_000;
const FIELDS_AT_ONCE = 1_000;
const VALUE = 'v'.repeat(40);
const P99_MS = 50;

export interface LargeHashResult {
  readonly fields: number;
  /** How long the move took, with all its slots. */
  readonly seconds: number;
  readonly without: Latency;
  readonly with: Latency;
}

/** What clients of other keys notice while slots move, in one of which there is a large hash. */
export async function measureLargeHash(
  options: BenchOptions,
  signal: AbortSignal,
  progress: (what: string) => void,
): Promise<LargeHashResult> {
  await ensurePrograms([REDIS], progress);
  const servers = new Servers();
  const load = new LoadClients();
  const killNow = (): void => servers.killNow();
  process.once('exit', killNow);
  try {
    progress('starting servers');
    const cluster = await CodisCluster.start(servers, { module: null, profileFolder: null });
    try {
      return await measureOn(cluster, load, options, signal, progress);
    } finally {
      await cluster.close();
    }
  } finally {
    await load.close();
    // Where the cluster's start did not come to its end.
    await servers.stop();
    process.off('exit', killNow);
  }
}

async function measureOn(
  cluster: CodisCluster,
  load: LoadClients,
  { largeFields: fields, connections, seconds }: BenchOptions,
  signal: AbortSignal,
  progress: (what: string) => void,
): Promise<LargeHashResult> {
  const keys = codisKeys(OTHER_KEYS);
  await cluster.fill(keys);
  load.filled(keys);
  progress(`a hash of ${fields} fields`);
  const hash = nameOfHash();
  await fillHash(cluster.masterOf('lower'), hash, fields, signal);
  const { port } = cluster.proxy.address;
  const shape = { port, connections, rate: RATE, commands: 'mixed' } as const;
  progress('without moves');
  const { outcome: _, ...without } = await load.during(shape, () =>
    sleep(seconds * 1000, undefined, { signal }),
  );
  progress('moving');
  const { outcome, ...during } = await load.during(shape, () =>
    cluster.move('lower', cluster.servers.pids, signal),
  );
  await assertWhole(cluster.masterOf('lower'), hash, fields);
  return { fields, seconds: outcome.seconds, without, with: during };
}

/** In a slot that moves. */
function nameOfHash(): string {
  for (let number = 0; ; number++) {
    const name = `large:${number}`;
    if (slotOf(name) < MOVED_SLOTS) return name;
  }
}

async function fillHash(
  address: Address,
  name: string,
  fields: number,
  signal: AbortSignal,
): Promise<void> {
  const connection = await RawConnection.open('a redis-server', address);
  try {
    for (let from = 0; from < fields; from += FIELDS_AT_ONCE) {
      signal.throwIfAborted();
      const count = Math.min(FIELDS_AT_ONCE, fields - from);
      const pairs = Array.from({ length: count }, (_, index) => [`field:${from + index}`, VALUE]);
      const request = Buffer.from(command('HSET', name, ...pairs.flat()));
      await connection.exchange(request, Buffer.from(`:${count}\r\n`));
    }
  } finally {
    connection.close();
  }
}

/** @throws OperatorError if fields are missing */
async function assertWhole(address: Address, name: string, fields: number): Promise<void> {
  const connection = await RawConnection.open('a redis-server', address);
  try {
    await connection.exchange(Buffer.from(command('HLEN', name)), Buffer.from(`:${fields}\r\n`));
  } catch (cause) {
    throw new OperatorError('the hash did not arrive whole', { cause });
  } finally {
    connection.close();
  }
}

export function renderLargeHash(result: LargeHashResult, format: 'text' | 'markdown'): string {
  const { date, commit } = describeMachine();
  const table = format === 'markdown' ? markdownTable : alignedTable;
  const row = (name: string, latency: Latency): string[] => [
    name,
    Math.round(latency.perSecond).toLocaleString('en-US'),
    ...[latency.p50Ms, latency.p99Ms, latency.p999Ms].map((ms) => ms.toFixed(2)),
    ...[latency.maxMs, latency.ownDelayMs].map((ms) => ms.toFixed(1)),
  ];
  const head = ['', 'commands/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'longest wait ms', 'own delay'];
  const rows = [row('without moves', result.without), row('while it moves', result.with)];
  const verdict = result.with.p99Ms < P99_MS ? 'met' : 'MISSED';
  return [
    `${date}, commit ${commit}: a hash of ${result.fields.toLocaleString('en-US')} fields of ` +
      `${VALUE.length} bytes moved with its slots in ${result.seconds.toFixed(1)} s, in pieces.`,
    table(head, rows, 1),
    `p99 of other keys below ${P99_MS} ms: ${verdict}`,
  ].join('\n\n');
}
