import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Address } from '../../base/address.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import { ensurePrograms, REDIS } from '../local-cluster/programs.js';
import { RawConnection } from './raw-connection.js';
import { OURS, Servers } from './servers.js';
import { alignedTable } from './text-table.js';

const SETTLE_MS = 200;
/** Enough to be many clients, few enough that this process can keep up with them. */
const READERS = 20;
const VALUE = 'x'.repeat(32);
const GET = encodeMultibulk(['GET', 'bench:waiting']);
const GOT = Buffer.from(`$${VALUE.length}\r\n${VALUE}\r\n`);

export interface WaitingOptions {
  readonly rounds: number;
  /** How long each measurement takes. */
  readonly seconds: number;
  /** So many clients block, and as many listen to a channel. */
  readonly waiting: number;
}

/** The median over the rounds, in milliseconds. */
export interface WaitingResult {
  readonly p50: number;
  readonly p99: number;
}

/**
 * What GET takes through the proxy while many clients block and listen, and while none do: in one run,
 * in turns, so that what else the machine does concerns both.
 */
export async function measureWaiting(
  options: WaitingOptions,
  signal: AbortSignal,
): Promise<{ readonly without: WaitingResult; readonly beside: WaitingResult }> {
  await ensurePrograms([REDIS], (line) => console.error(line));
  const servers = new Servers();
  const killNow = (): void => servers.killNow();
  process.once('exit', killNow);
  try {
    await servers.startBackends();
    const { address } = await servers.startOurs(null);
    const readers = await openAll(address, READERS);
    const set = encodeMultibulk(['SET', 'bench:waiting', VALUE]);
    await readers[0]!.exchange(set, Buffer.from('+OK\r\n'));
    await read(readers, options.seconds, signal);
    const without: WaitingResult[] = [];
    const beside: WaitingResult[] = [];
    for (let round = 0; round < options.rounds && !signal.aborted; round++) {
      const measureBeside = async (): Promise<void> => {
        const waiting = await openWaiting(address, options.waiting);
        await blockedAre(address, options.waiting, signal);
        beside.push(await read(readers, options.seconds, signal));
        for (const connection of waiting) connection.close();
        await blockedAre(address, 0, signal);
      };
      if (round % 2 === 1) await measureBeside();
      without.push(await read(readers, options.seconds, signal));
      if (round % 2 === 0) await measureBeside();
      servers.checkAlive();
    }
    for (const reader of readers) reader.close();
    return { without: medianOf(without), beside: medianOf(beside) };
  } finally {
    await servers.stop();
    process.off('exit', killNow);
  }
}

/** For people. */
export function renderWaiting(
  { waiting }: WaitingOptions,
  { without, beside }: Awaited<ReturnType<typeof measureWaiting>>,
): string {
  const row = (name: string, { p50, p99 }: WaitingResult) => [name, p50.toFixed(3), p99.toFixed(3)];
  const rows = [
    row('no clients that wait', without),
    row(`${waiting} blocked, ${waiting} subscribed`, beside),
  ];
  const table = alignedTable(['GET, milliseconds', 'p50', 'p99'], rows, 1);
  return `${table}\np99: ${(beside.p99 / without.p99).toFixed(2)} of that without them`;
}

function openAll(address: Address, count: number): Promise<RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => RawConnection.open(OURS, address)));
}

/** Clients that block on a list each, and clients that listen to a channel each. */
async function openWaiting(address: Address, count: number): Promise<RawConnection[]> {
  const blocked = await openAll(address, count);
  for (const [n, connection] of blocked.entries()) {
    connection.send(encodeMultibulk(['BLPOP', `bench:nothing:${n}`, '0']));
  }
  const subscribed = await openAll(address, count);
  await Promise.all(
    subscribed.map((connection, n) => {
      const channel = `bench:${n}`;
      const confirmation = `*3\r\n$9\r\nsubscribe\r\n$${channel.length}\r\n${channel}\r\n:1\r\n`;
      return connection.exchange(
        encodeMultibulk(['SUBSCRIBE', channel]),
        Buffer.from(confirmation),
      );
    }),
  );
  return [...blocked, ...subscribed];
}

/** Waits until so many clients block at the servers: those that come and go are not what is measured. */
async function blockedAre(
  { host, port }: Address,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const redis = new Redis({ host, port, lazyConnect: true });
  try {
    while (!signal.aborted) {
      const info = await redis.info('clients');
      if (info.includes(`blocked_clients:${count}\r\n`)) break;
      await sleep(SETTLE_MS);
    }
    await sleep(SETTLE_MS);
  } finally {
    redis.disconnect();
  }
}

async function read(
  readers: readonly RawConnection[],
  seconds: number,
  signal: AbortSignal,
): Promise<WaitingResult> {
  const took: number[] = [];
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    readers.map(async (reader) => {
      while (performance.now() < end && !signal.aborted) {
        const startedAt = performance.now();
        await reader.exchange(GET, GOT);
        took.push(performance.now() - startedAt);
      }
    }),
  );
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor((took.length - 1) * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

function medianOf(results: readonly WaitingResult[]): WaitingResult {
  const median = (figure: (result: WaitingResult) => number) => {
    const sorted = results.map(figure).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  };
  return { p50: median(({ p50 }) => p50), p99: median(({ p99 }) => p99) };
}
