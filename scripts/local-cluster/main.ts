import { join } from 'node:path';
import { CommanderError } from 'commander';
import { listenForStop } from '../../base/stop-signal.js';
import { Console } from './console.js';
import { DataFolder } from './data-folder.js';
import { LocalCluster } from './local-cluster.js';
import { buildModule } from './module.js';
import { type Options, parseOptions } from './options.js';
import { makePlan, type Plan, portsOf, shownFolder } from './plan.js';
import { checkPorts } from './ports.js';
import { ensurePrograms, JAVA, REDIS, ZOOKEEPER } from './programs.js';
import { StoppedError } from './service.js';
import { summaryOf } from './summary.js';

const PROJECT_FOLDER = join(import.meta.dirname, '..', '..', '..');
const USAGE_EXIT_CODE = 2;
const PARENT_POLL_MS = 500;
const PORT_POLL_MS = 200;
/** Processes of a run that was killed are on their way out; Redis writes its file first. */
const ABANDONED_TIMEOUT_MS = 15_000;

/**
 * `npm start` after the bootstrap: starts the cluster, says so, and resolves when it has been
 * stopped again. Sets the exit code: 0 after a stop that was asked for, 1 if something failed, 2
 * for wrong options.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (!options) return;
  const output = new Console();
  let folder: DataFolder | null = null;
  try {
    folder = DataFolder.acquire(options.data);
    const plan = makePlan(options, folder.readCluster());
    await ensurePrograms(
      plan.cluster.coordinator.kind === 'zookeeper' ? [REDIS, JAVA, ZOOKEEPER] : [REDIS],
      (line) => output.line(line),
    );
    const module = plan.withModule ? await getModule(output) : null;
    await awaitPorts(plan, folder, output);
    await runCluster(plan, folder, output, module);
  } catch (error) {
    output.fail(error);
    process.exitCode = 1;
  } finally {
    folder?.release();
  }
}

/** Null if there is nothing more to do than what commander has written. */
function readOptions(argv: readonly string[]): Options | null {
  try {
    return parseOptions(argv, process.cwd());
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    return null;
  }
}

async function awaitPorts(plan: Plan, folder: DataFolder, output: Console): Promise<void> {
  const deadline = Date.now() + (folder.wasAbandoned ? ABANDONED_TIMEOUT_MS : 0);
  for (;;) {
    try {
      return await checkPorts(portsOf(plan));
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      output.begin('ports', 'the last run was killed; waiting for its processes to end');
      await new Promise((resolve) => setTimeout(resolve, PORT_POLL_MS));
    }
  }
}

async function getModule(output: Console): Promise<string> {
  output.begin('module', 'server-patch/codis_slots.so');
  const file = await buildModule(PROJECT_FOLDER, (line) => output.line(line));
  output.done('module', shownFolder(file));
  return file;
}

async function runCluster(
  plan: Plan,
  folder: DataFolder,
  output: Console,
  module: string | null,
): Promise<void> {
  const startedAt = Date.now();
  const { servers } = plan.cluster;
  const groups = new Set(servers.map(({ group }) => group)).size;
  output.line(
    `Starting ${groups} groups (${servers.length} Redis servers) and ${plan.proxies.length} proxies; data in ${shownFolder(plan.data)}`,
  );
  const cluster = new LocalCluster(plan, folder, PROJECT_FOLDER, output, module);
  const stopRequest = awaitStopRequest(() => cluster.kill());
  let failure: unknown = null;
  const started = cluster.start().then(
    () => output.line(summaryOf(plan, PROJECT_FOLDER, Date.now() - startedAt)),
    (error) => {
      if (!(error instanceof StoppedError)) failure = error;
    },
  );
  await Promise.race([stopRequest.promise, started.then(() => failure ?? stopRequest.promise)]);
  // The reason first: stopping what was started takes a moment.
  if (failure) output.fail(failure);
  else output.line('stopping …');
  await cluster.stop();
  await started;
  stopRequest.forget();
  if (failure) process.exitCode = 1;
  else output.line('stopped');
}

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP, when nobody reads our output any more, or when
 * npm, which we were started by, is gone. A later signal calls `onImpatience`.
 */
function awaitStopRequest(onImpatience: () => void): {
  promise: Promise<void>;
  forget: () => void;
} {
  let resolve = () => {};
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise;
  });
  const endListening = listenForStop(resolve, onImpatience);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', resolve);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) resolve();
  }, PARENT_POLL_MS);
  const forget = () => {
    endListening();
    clearInterval(watch);
  };
  return { promise, forget };
}
