import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from '../../base/address.js';
import { slotOf } from '../../cluster/slot-hash.js';
import { median } from '../bench/measurement.js';
import { runRedisBenchmark } from '../bench/redis-benchmark.js';
import { NUTCRACKER_V4 } from '../bench/servers.js';
import { benchmarkArguments, command, fillThrough } from '../bench/workload.js';
import type { Case } from './case-run.js';
import { atMost, told } from './figure.js';
import { runPaced } from './paced-load.js';
import { ProxyProcess } from './proxy-process.js';

const SHAPE = { clients: 50, valueSize: 32, keys: 10_000 };
const VALUE = 'x'.repeat(SHAPE.valueSize);
const SHARE_OF_MAXIMUM = 0.6;
const CALIBRATION_REQUESTS = 100_000;
const RUN_TIMEOUT_MS = 120_000;
const WARM_UP_SECONDS = 1;

const P99_TO_NUTCRACKER = 1;
const P99_WHEN_FROZEN = 1.3;
/** Of the load on the group that is well, a second. */
const FROZEN_RATE = 10_000;
/** Clients that ask the frozen server, and both. */
const STUCK_CLIENTS = 20;
const BACKEND_TIMEOUT_MS = 2_000;
/** A command fails by its deadline, and as much later as deadlines are looked at. */
const LATE_MS = 500;

function gets(keys: readonly string[]): { request: string; reply: string }[] {
  const reply = `$${VALUE.length}\r\n${VALUE}\r\n`;
  return keys.map((key) => ({ request: command('GET', key), reply }));
}

function keyName(number: number): string {
  return `key:${String(number).padStart(12, '0')}`;
}

const KEYS = Array.from({ length: SHAPE.keys }, (_, number) => keyName(number));

/** Latencies at the same rate as through nutcracker: a proxy that is no faster may be no slower. */
export const equalRate: Case = async ({ options, servers, signal, say }) => {
  const targets = [await servers.startOurs(null), await servers.startNutcracker(NUTCRACKER_V4)];
  const [ours, nutcracker] = targets as [(typeof targets)[0], (typeof targets)[0]];
  for (const target of targets) await fillThrough(target, SHAPE);
  const full = { ...SHAPE, pipeline: 1, requests: CALIBRATION_REQUESTS };
  const speeds: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const target of targets) {
      const args = benchmarkArguments(target, 'get', full);
      const { requestsPerSecond } = await runRedisBenchmark(args, RUN_TIMEOUT_MS, signal);
      if (target === nutcracker) speeds.push(requestsPerSecond);
    }
  }
  const rate = Math.round(median(speeds) * SHARE_OF_MAXIMUM);
  const rounds: { p99Ms: number; theirP99Ms: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    say(`rate: round ${round + 1} of ${options.rounds}, ${rate} GET/s`);
    const p99 = new Map<object, number>();
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      const load = {
        port: target.address.port,
        connections: SHAPE.clients,
        rate,
        seconds: options.seconds,
        commands: gets(KEYS),
      };
      p99.set(target, (await runPaced(load, signal)).p99Ms);
    }
    rounds.push({ p99Ms: p99.get(ours)!, theirP99Ms: p99.get(nutcracker)! });
  }
  const ratio = median(rounds.map(({ p99Ms, theirP99Ms }) => p99Ms / theirP99Ms));
  const ms = (values: readonly number[]): string => `${median(values).toFixed(2)} ms`;
  return [
    atMost(`p99 at ${rate} GET/s, to that of nutcracker -v 4`, P99_TO_NUTCRACKER, ratio),
    told(
      'p99 of both',
      `${ms(rounds.map((one) => one.p99Ms))}, ${ms(rounds.map((one) => one.theirP99Ms))}`,
    ),
  ];
};

/** A server that is stopped fails its own commands; others are answered as if nothing were. */
export const frozenServer: Case = async ({ options, servers, masters, signal, say }) => {
  const [, frozen] = servers.backends;
  const proxy = await ProxyProcess.start(
    `backend_timeout=${BACKEND_TIMEOUT_MS}\nbackend_wait=0\nha=off`,
    masters,
  );
  try {
    const address = { host: '127.0.0.1', port: proxy.port };
    await fillThrough({ name: formatAddress(address), address, pid: proxy.pid }, SHAPE);
    const well = KEYS.filter((key) => slotOf(key) < 512);
    const ill = KEYS.find((key) => slotOf(key) >= 512)!;
    const load = {
      port: proxy.port,
      connections: SHAPE.clients,
      rate: FROZEN_RATE,
      seconds: WARM_UP_SECONDS,
      commands: gets(well),
    };
    await runPaced(load, signal);
    const ratios: number[] = [];
    const plain: number[] = [];
    let latestMs = 0;
    for (let round = 0; round < options.rounds; round++) {
      say(`frozen: round ${round + 1} of ${options.rounds}`);
      const measured = { ...load, seconds: options.seconds };
      const before = await runPaced(measured, signal);
      process.kill(frozen!.pid!, 'SIGSTOP');
      const stuck = askAgainAndAgain(proxy.port, [
        command('GET', ill),
        command('MGET', ill, well[0]!),
      ]);
      const during = await runPaced(measured, signal).finally(() =>
        process.kill(frozen!.pid!, 'SIGCONT'),
      );
      latestMs = Math.max(latestMs, stuck.end());
      plain.push(before.p99Ms);
      ratios.push(during.p99Ms / before.p99Ms);
      await sleep(BACKEND_TIMEOUT_MS, undefined, { signal });
    }
    const limitMs = BACKEND_TIMEOUT_MS + LATE_MS;
    return [
      atMost(
        'a frozen server: p99 of the other group, to undisturbed',
        P99_WHEN_FROZEN,
        median(ratios),
      ),
      atMost('its own commands, and MGET of both groups, fail after', limitMs, latestMs, ' ms'),
      told('p99 undisturbed', `${median(plain).toFixed(2)} ms`),
    ];
  } finally {
    await proxy.stop();
  }
};

/** Clients that ask, and ask again when they are answered with an error. */
function askAgainAndAgain(port: number, requests: readonly string[]): { end(): number } {
  let latestMs = 0;
  const sockets = Array.from({ length: STUCK_CLIENTS }, (_, index) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const request = requests[index % requests.length]!;
    let askedAt = performance.now();
    socket.write(request);
    socket.on('error', () => {});
    socket.on('data', () => {
      latestMs = Math.max(latestMs, performance.now() - askedAt);
      // Not at once: a server that is away refuses at once.
      setTimeout(() => {
        askedAt = performance.now();
        if (!socket.destroyed) socket.write(request);
      }, 50);
    });
    return socket;
  });
  return {
    end: () => {
      for (const socket of sockets) socket.destroy();
      return latestMs;
    },
  };
}
