import { closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, write } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { messageOf, OperatorError } from '../../base/errors.js';
import { CoordinatorError } from './coordinator.js';
import type { ProcessIdentity } from './process-identity.js';

/** What is kept of a node. Its children are found by their keys. */
export interface NodeRecord {
  data: string;
  version: number;
  /** The transaction that made it: tells a node from a later one of the same path. */
  made: number;
  /** Children ever made: the number of the next sequential one. */
  childrenMade: number;
  /** Children made and deleted: changes whenever the set of children does. */
  childChanges: number;
  /** Children now. */
  children: number;
  /** The id of the session that the node lives with; empty for a plain node. */
  owner: string;
}

export interface SessionRecord {
  process: ProcessIdentity;
  /** Without a sign of life for so long the session is over although its process exists. */
  timeoutMs: number;
}

/** Depth first, so that the children of a node are one range of keys. */
type NodeKey = [depth: number, path: string];

// The file grows as it is used; this is address space only, and far beyond any cluster's tree.
const MAP_BYTES = 512 * 1024 * 1024;
const MAX_READERS = 512;

/** Bytes of a path that still fit into a key of LMDB. */
export const MAX_PATH_BYTES = 1900;

// mdb.c: MDB_MAGIC, at the start of the first page's data, little endian on all we run on.
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;

const openStores = new Map<string, EmbeddedStore>();

let writesUnderWay = 0;
// process.exit waits for LMDB's thread, which waits for us to run the transaction: for ever, and
// with the lock that the writes of all processes need. When we are killed, LMDB frees the lock.
process.on('exit', () => {
  if (writesUnderWay > 0) process.kill(process.pid, 'SIGKILL');
});

/**
 * The tables of one folder, shared by all processes of the machine that open it. Reads are of the
 * latest commit; writes go through {@link write}, one at a time over all processes.
 */
export class EmbeddedStore {
  readonly folder: string;
  readonly #root: RootDatabase<number, string>;
  readonly #nodes: Database<NodeRecord, NodeKey>;
  readonly #sessions: Database<SessionRecord, string>;
  readonly #owned: Database<true, [sessionId: string, path: string]>;
  readonly #changeFile: number;
  #users = 1;

  private constructor(folder: string) {
    this.folder = folder;
    this.#root = open({
      path: folder,
      mapSize: MAP_BYTES,
      maxReaders: MAX_READERS,
      maxDbs: 8,
      // The default, flushing while the next transaction runs, takes the death of another process
      // in the midst of a write for a fatal error of our own (MDB_PANIC), every second time.
      overlappingSync: false,
      // The default leaves a promise to nobody, whose rejection (disk full) would end the process.
      eventTurnBatching: false,
    });
    this.#nodes = this.#root.openDB({ name: 'nodes', encoding: 'json' });
    this.#sessions = this.#root.openDB({ name: 'sessions', encoding: 'json' });
    this.#owned = this.#root.openDB({ name: 'owned', encoding: 'json' });
    // Readers that were killed would keep old pages from being used again.
    this.#root.readerCheck();
    this.#changeFile = openSync(this.changeFile, 'a');
  }

  /**
   * Opens the folder, making it if it is missing. Within one process all users share one store.
   *
   * @throws OperatorError if it cannot be used.
   */
  static open(folder: string): EmbeddedStore {
    try {
      mkdirSync(join(folder, 'sessions'), { recursive: true });
      const path = realpathSync(folder);
      const shared = openStores.get(path);
      if (shared) {
        shared.#users++;
        return shared;
      }
      checkDataFile(join(path, 'data.mdb'));
      const store = new EmbeddedStore(path);
      openStores.set(path, store);
      return store;
    } catch (cause) {
      throw new OperatorError(
        `the embedded coordinator cannot use the folder ${folder}: ${messageOf(cause)}`,
        {
          hint: 'embedded_path in config.ini must name a folder on a local disk that you may write to',
          cause,
        },
      );
    }
  }

  /** Touched after every commit. */
  get changeFile(): string {
    return join(this.folder, 'changed');
  }

  /** Touched by the session as a sign of life. */
  beatFile(sessionId: string): string {
    return join(this.folder, 'sessions', sessionId);
  }

  /** Reads from here on see every commit made so far, by any process. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** The number of the last commit. */
  get commit(): number {
    return this.#root.get('commit') ?? 0;
  }

  node(path: string): NodeRecord | undefined {
    return this.#nodes.get(keyOf(path));
  }

  childNames(path: string): string[] {
    const base = path === '/' ? '' : path;
    const depth = keyOf(path)[0] + 1;
    // '0' comes right after '/'.
    const range = { start: [depth, `${base}/`] as NodeKey, end: [depth, `${base}0`] as NodeKey };
    return Array.from(this.#nodes.getKeys(range), (key) => key[1].slice(base.length + 1));
  }

  session(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  sessions(): { id: string; record: SessionRecord }[] {
    return Array.from(this.#sessions.getRange({}), ({ key, value }) => ({
      id: key,
      record: value,
    }));
  }

  /** The paths of the session's ephemeral nodes. */
  ownedBy(sessionId: string): string[] {
    const range = {
      start: [sessionId] as unknown as [string, string],
      end: [sessionId, '0'] as [string, string],
    };
    return Array.from(this.#owned.getKeys(range), (key) => key[1]);
  }

  /**
   * Runs `work` in a write transaction and resolves when it is on the disk. What `work` throws
   * before its first `put` leaves everything as it was.
   */
  async write<T>(work: (commit: number) => T): Promise<T> {
    writesUnderWay++;
    let outcome: { value: T } | { error: unknown };
    try {
      outcome = await committed(this.#root.transaction(() => this.#attempt(work)));
    } finally {
      writesUnderWay--;
    }
    if ('error' in outcome) throw outcome.error;
    this.refresh();
    // The content does not matter; an error means that the others see the change at their poll.
    write(this.#changeFile, '.', 0, () => undefined);
    return outcome.value;
  }

  /** Catches what `work` throws: out of a transaction it would take others' writes with it. */
  #attempt<T>(work: (commit: number) => T): { value: T } | { error: unknown } {
    const commit = this.commit + 1;
    try {
      const value = work(commit);
      this.#root.put('commit', commit);
      return { value };
    } catch (error) {
      return { error };
    }
  }

  /** Within {@link write} only, as are the other `put`s. Null removes. */
  putNode(path: string, node: NodeRecord | null): void {
    if (node) this.#nodes.put(keyOf(path), node);
    else this.#nodes.remove(keyOf(path));
  }

  putSession(id: string, record: SessionRecord | null): void {
    if (record) this.#sessions.put(id, record);
    else this.#sessions.remove(id);
  }

  own(sessionId: string, path: string): void {
    this.#owned.put([sessionId, path], true);
  }

  disown(sessionId: string, path: string): void {
    this.#owned.remove([sessionId, path]);
  }

  async close(): Promise<void> {
    if (--this.#users > 0) return;
    openStores.delete(this.folder);
    closeSync(this.#changeFile);
    await this.#root.close();
  }
}

/** LMDB would end the process with a segmentation fault. @throws Error */
function checkDataFile(file: string): void {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(MAGIC_AT + 4);
    const length = readSync(descriptor, head, 0, head.length, 0);
    if (length === 0) return;
    if (head.readUInt32LE(MAGIC_AT) !== MAGIC) throw new Error(`${file} is not of LMDB`);
  } finally {
    closeSync(descriptor);
  }
}

/** The outcome of a transaction; of a failed commit (disk full) the error behind it. */
async function committed<T>(transaction: Promise<T>): Promise<T> {
  try {
    return await transaction;
  } catch (error) {
    if (!(error instanceof Error) || !('commitError' in error)) throw error;
    // A promise that is never kept, only broken.
    const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
    throw new CoordinatorError(`a write could not be saved: ${messageOf(cause)}`, { cause });
  }
}

function keyOf(path: string): NodeKey {
  return [path === '/' ? 0 : path.split('/').length - 1, path];
}
