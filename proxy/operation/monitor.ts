import { OK } from '../../resp/encode.js';
import { equalsWord } from '../command/arguments.js';
import type { CommandRow } from '../command/command-row.js';
import { commandData } from '../command/command-rows.js';
import { resolveSubcommand } from '../command/command-table.js';
import type { ClusterAccess } from './cluster-access.js';
import type { Operation, OperationClient } from './operation.js';
import { subscriptionsOf } from './pubsub/subscriptions.js';

const REDACTED = '"(redacted)"';

/** The clients of a worker that watch what all others send, and how they are told. */
export class Monitors {
  readonly #clients = new Set<OperationClient>();
  readonly #cluster: ClusterAccess;
  /** Called when the first has come or the last has gone. */
  onChange: () => void = () => {};

  constructor(cluster: ClusterAccess) {
    this.#cluster = cluster;
  }

  /** False: nobody watches, and nothing need be told. */
  get isActive(): boolean {
    return this.#clients.size > 0;
  }

  has(client: OperationClient): boolean {
    return this.#clients.has(client);
  }

  add(client: OperationClient): void {
    this.#clients.add(client);
    if (this.#clients.size === 1) this.onChange();
  }

  remove(client: OperationClient): void {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.onChange();
  }

  /** Tells of a command before it is carried out. @param row that of its name */
  feed(
    client: OperationClient,
    row: CommandRow | null,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
  ): void {
    if (row === null || row.route === 'refused' || !client.authenticated) return;
    // As Redis: what operators do is not shown.
    const served = resolveSubcommand(row, bytes, argStarts, argEnds, argCount) ?? row;
    if (commandData(served).flags.includes('admin')) return;
    const isSecret = secretArguments(row, bytes, argStarts, argEnds, argCount);
    const args: string[] = [];
    for (let index = 0; index < argCount; index++) {
      const text = bytes.toString('latin1', argStarts[index], argEnds[index]);
      args.push(isSecret(index) ? REDACTED : quoted(text));
    }
    const now = (performance.timeOrigin + performance.now()) / 1000;
    const line = `+${now.toFixed(6)} [${client.database} ${client.remoteAddr}] ${args.join(' ')}\r\n`;
    const frame = Buffer.from(line, 'latin1');
    const { hardBytes } = subscriptionsOf(this.#cluster).settings.outputLimits;
    for (const monitor of [...this.#clients]) {
      // RESET ends it, so it is not told of that any more.
      if (monitor === client && row.name === 'reset') continue;
      monitor.push(frame);
      if (hardBytes > 0 && monitor.pendingOutput > hardBytes) monitor.destroy();
    }
  }
}

/** MONITOR: the commands of all clients of this worker, from now on. */
export const monitor: Operation = async ({ client, cluster }) => {
  monitorsOf(cluster).add(client);
  return OK;
};

/** Tells which arguments are not to be shown: passwords. */
function secretArguments(
  row: CommandRow,
  bytes: Buffer,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): (index: number) => boolean {
  if (row.name === 'auth') return (index) => index > 0;
  if (row.name !== 'hello') return () => false;
  let auth = argCount;
  for (let index = 2; index < argCount; index++) {
    if (equalsWord(bytes, argStarts[index]!, argEnds[index]!, 'auth')) {
      auth = index;
      break;
    }
  }
  return (index) => index === auth + 1 || index === auth + 2;
}

const ESCAPES = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
]);

function quoted(text: string): string {
  const shown = text.replaceAll(
    /[^ !#-[\]-~]/g,
    (char) => ESCAPES.get(char) ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${shown}"`;
}

const ofClusters = new WeakMap<ClusterAccess, Monitors>();

/** Those of the worker that has this access to the cluster. */
export function monitorsOf(cluster: ClusterAccess): Monitors {
  let monitors = ofClusters.get(cluster);
  if (monitors === undefined) {
    monitors = new Monitors(cluster);
    ofClusters.set(cluster, monitors);
  }
  return monitors;
}
