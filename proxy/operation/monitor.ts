import { OK } from '../../resp/encode.js';
import { equalsWord } from '../command/arguments.js';
import type { CommandRow } from '../command/command-row.js';
import { commandData } from '../command/command-rows.js';
import { resolveSubcommand } from '../command/command-table.js';
import { type Flushable, turn } from '../io/turn.js';
import type { ClusterAccess } from './cluster-access.js';
import type { Operation, OperationClient } from './operation.js';
import { type Peers, peersOf } from './peers/peers.js';
import { subscriptionsOf } from './pubsub/subscriptions.js';

const REDACTED = '"(redacted)"';

/** Of what is not taken; with more of it, those who watch at other workers are cut off. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** How often other workers are reminded: one may have been started since. */
const REMIND_MS = 1_000;

/** The clients that watch what all others send, those of other workers too, and how they are told. */
export class Monitors implements Flushable {
  readonly #clients = new Set<OperationClient>();
  readonly #cluster: ClusterAccess;
  readonly #peers: Peers;
  /** Clients of which the other workers are being told. */
  #joining = 0;
  /** Other workers that have such clients. */
  readonly #watching = new Set<number>();
  /** For them. */
  #unsent: string[] = [];
  #unsentBytes = 0;
  #isCut = false;
  #isTelling = false;
  #reminder: NodeJS.Timeout | undefined;
  /** Called when the first has come or the last has gone. */
  onChange: () => void = () => {};

  constructor(cluster: ClusterAccess) {
    this.#cluster = cluster;
    this.#peers = peersOf(cluster);
    this.#peers.on('monitored', (isOn, from) => {
      const wasActive = this.isActive;
      if (isOn) this.#watching.add(from);
      else this.#watching.delete(from);
      if (wasActive !== this.isActive) this.onChange();
      return null;
    });
    this.#peers.on('commands', ({ lines, isCut }) => {
      this.#show(Buffer.from(lines, 'latin1'), null);
      if (isCut) for (const client of [...this.#clients]) client.destroy();
      return !this.#isUnwatched;
    });
  }

  /** False: nobody watches, and nothing need be told. */
  get isActive(): boolean {
    return this.#clients.size + this.#watching.size > 0;
  }

  has(client: OperationClient): boolean {
    return this.#clients.has(client);
  }

  /** Resolves when the commands of all workers are told of. */
  async add(client: OperationClient, gone: AbortSignal): Promise<void> {
    if (!this.#peers.areNone) {
      const announce = () => this.#peers.ask('monitored', true);
      this.#reminder ??= setInterval(() => void announce(), REMIND_MS);
      this.#joining++;
      await announce();
      this.#joining--;
    }
    const wasActive = this.isActive;
    if (!gone.aborted) this.#clients.add(client);
    if (this.#isUnwatched) this.#endWatch();
    if (wasActive !== this.isActive) this.onChange();
  }

  remove(client: OperationClient): void {
    if (!this.#clients.delete(client) || !this.#isUnwatched) return;
    this.#endWatch();
    if (!this.isActive) this.onChange();
  }

  get #isUnwatched(): boolean {
    return this.#clients.size + this.#joining === 0;
  }

  #endWatch(): void {
    clearInterval(this.#reminder);
    this.#reminder = undefined;
    void this.#peers.ask('monitored', false);
  }

  /** What other workers are to be told of this turn. */
  flush(): void {
    if (!this.#isTelling) void this.#tell();
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
    // RESET ends it, so it is not told of that any more.
    this.#show(Buffer.from(line, 'latin1'), row.name === 'reset' ? client : null);
    if (this.#watching.size > 0) this.#keep(line);
  }

  #show(frames: Buffer, except: OperationClient | null): void {
    const { hardBytes } = subscriptionsOf(this.#cluster).settings.outputLimits;
    for (const monitor of [...this.#clients]) {
      if (monitor === except) continue;
      monitor.push(frames);
      if (hardBytes > 0 && monitor.pendingOutput > hardBytes) monitor.destroy();
    }
  }

  #keep(line: string): void {
    if (this.#unsent.length === 0) turn.flushLater(this);
    this.#unsentBytes += line.length;
    if (this.#unsentBytes > MAX_UNSENT_BYTES) {
      this.#unsent = [];
      this.#unsentBytes = 0;
      this.#isCut = true;
    }
    this.#unsent.push(line);
  }

  /** One message at a time is under way: what comes meanwhile is bounded. */
  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#unsent.length > 0) {
      const lines = this.#unsent.join('');
      const isCut = this.#isCut;
      this.#unsent = [];
      this.#unsentBytes = 0;
      this.#isCut = false;
      const wasActive = this.isActive;
      for (const { from, answer } of await this.#peers.ask('commands', { lines, isCut })) {
        if (!answer) this.#watching.delete(from);
      }
      if (wasActive && !this.isActive) this.onChange();
    }
    this.#isTelling = false;
  }
}

/** MONITOR: the commands of all clients of this proxy, from now on. */
export const monitor: Operation = async ({ client, cluster, gone }) => {
  await monitorsOf(cluster).add(client, gone);
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
