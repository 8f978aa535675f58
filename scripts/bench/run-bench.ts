import { formatAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import {
  ensurePrograms,
  findProgram,
  REDIS,
  REDIS_TOOLS,
  type Requirement,
} from '../local-cluster/programs.js';
import { describeMachine } from './machine.js';
import { measure, type Progress } from './measurement.js';
import type { BenchOptions } from './options.js';
import { answersGet } from './raw-connection.js';
import type { BenchResult } from './report.js';
import { DIRECT, NUTCRACKER, NUTCRACKER_V4, OURS, Servers, STATIC } from './servers.js';
import type { Target } from './target.js';
import { fillThrough } from './workload.js';

/** Starts what is to be measured, measures it and ends it again. */
export async function runBench(
  options: BenchOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<BenchResult> {
  await ensurePrograms(requirements(options), (line) => console.error(line));
  const servers = new Servers();
  const killNow = (): void => servers.killNow();
  process.once('exit', killNow);
  try {
    const targets = await startTargets(servers, options);
    for (const target of targets) await fillThrough(target, options);
    const cells = options.tests.flatMap((test) =>
      options.pipelines.map((pipeline) => ({ test, pipeline })),
    );
    const targetPids = targets.map(({ pid }) => pid).filter((pid) => pid !== null);
    const pids = [...new Set([...servers.pids, ...targetPids])];
    const measured = { ...options, pids };
    const series = await measure(targets, cells, measured, signal, (done, total, what) => {
      servers.checkAlive();
      progress(done, total, what);
    });
    const { rounds, seconds, clients, valueSize, keys } = options;
    return {
      machine: describeMachine(),
      options: { rounds, seconds, clients, valueSize, keys },
      series,
    };
  } finally {
    await servers.stop();
    process.off('exit', killNow);
  }
}

export const TWEMPROXY: Requirement = {
  name: NUTCRACKER,
  isPresent: () => findProgram('nutcracker') !== null,
  packages: ['nutcracker'],
  hint: `install it: apt-get install nutcracker; or leave it out: --only ${OURS},${DIRECT}`,
};

function requirements(options: BenchOptions): Requirement[] {
  const required = [REDIS_TOOLS];
  if (options.backends === null) required.push(REDIS);
  if (isWanted(NUTCRACKER, options) || isWanted(NUTCRACKER_V4, options)) required.push(TWEMPROXY);
  return required;
}

function isWanted(name: string, { only }: BenchOptions): boolean {
  return only === null || only.includes(name);
}

async function startTargets(servers: Servers, options: BenchOptions): Promise<Target[]> {
  const wanted = (name: string): boolean => isWanted(name, options);
  if (options.backends) servers.useBackends(options.backends);
  else await servers.startBackends();

  const targets: Target[] = [];
  if (wanted(OURS)) targets.push(await servers.startOurs(options.profileFolder));
  if (options.only?.includes(STATIC)) targets.push(await servers.startStatic());
  for (const name of [NUTCRACKER, NUTCRACKER_V4] as const) {
    if (wanted(name)) targets.push(await servers.startNutcracker(name));
  }
  for (const target of options.targets.filter(({ name }) => wanted(name))) {
    if (!(await answersGet(target.address))) {
      throw new OperatorError(
        `nobody answers for ${target.name} at ${formatAddress(target.address)}`,
      );
    }
    targets.push(target);
  }
  if (wanted(DIRECT)) targets.push({ ...servers.backends[0]!, name: DIRECT });
  if (targets.length === 0) {
    throw new OperatorError(`--only: no target is named ${options.only?.join(' or ')}`);
  }
  return targets;
}
