import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { withDeadline } from '../../base/deadline.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import {
  ClosedError,
  type Coordinator,
  CoordinatorError,
  type CreateOptions,
  type Handle,
  type Node,
  NodeExistsError,
  type Operation,
  type SessionState,
} from './coordinator.js';
import { EmbeddedLiveness, TICK_MS } from './embedded-liveness.js';
import { EmbeddedStore, MAX_PATH_BYTES } from './embedded-store.js';
import { TreeChange } from './embedded-tree.js';
import { EmbeddedWatches } from './embedded-watches.js';
import { Listeners } from './listeners.js';
import { checkPath, sequentialPath } from './node-path.js';
import { ownIdentity } from './process-identity.js';
import { RestoredNodes } from './restored-nodes.js';
import { StateKeeper } from './state-keeper.js';
import { checkWriteSize } from './write-size.js';

export interface EmbeddedOptions {
  folder: string;
  /** A process that exists but gives no sign of life for so long loses its session. */
  sessionTimeoutMs: number;
  requestDeadlineMs?: number;
  log: Logger;
}

/** Only a process that is stopped in the middle of a write makes others wait for long. */
const REQUEST_DEADLINE_MS = 10_000;

/** Our session is not in the store any more: others saw no sign of life of ours. */
class SessionOverError extends Error {
  override readonly name = 'SessionOverError';
}

/**
 * The coordinator of one machine: an LMDB folder that several processes share. Every process
 * clears away the sessions of those that have ended (see {@link EmbeddedLiveness}). It is never
 * `suspended`; a process that is stopped in the midst of a write holds up the writes of others,
 * which then end with a DeadlineError, but not their reads.
 */
export class EmbeddedCoordinator implements Coordinator {
  readonly #store: EmbeddedStore;
  readonly #states: StateKeeper;
  readonly #watches: EmbeddedWatches;
  readonly #liveness: EmbeddedLiveness;
  readonly #restored = new RestoredNodes();
  readonly #newSession: Listeners;
  readonly #log: Logger;
  readonly #sessionTimeoutMs: number;
  readonly #requestDeadlineMs: number;
  readonly #pastSessions = new Set<string>();
  #sessionId = newSessionId();
  #timer: NodeJS.Timeout | undefined;
  #changes: FSWatcher | undefined;
  #closing: Promise<void> | undefined;
  #isReaping = false;
  #isRenewing = false;

  private constructor(store: EmbeddedStore, options: EmbeddedOptions) {
    this.#store = store;
    this.#log = options.log;
    this.#sessionTimeoutMs = options.sessionTimeoutMs;
    this.#requestDeadlineMs = options.requestDeadlineMs ?? REQUEST_DEADLINE_MS;
    this.#states = new StateKeeper(options.log);
    this.#newSession = new Listeners(options.log);
    this.#watches = new EmbeddedWatches(store, options.log);
    this.#liveness = new EmbeddedLiveness(store);
  }

  /**
   * Opens the folder, making it if it is missing, and begins a session. What processes left behind
   * that have ended is gone when the promise resolves.
   *
   * @throws OperatorError if the folder cannot be used, DeadlineError if another process does not
   * let go of it.
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedCoordinator> {
    const store = EmbeddedStore.open(options.folder);
    const coordinator = new EmbeddedCoordinator(store, options);
    try {
      await coordinator.#begin();
    } catch (error) {
      await store.close();
      throw error;
    }
    return coordinator;
  }

  get state(): SessionState {
    return this.#states.state;
  }

  onState(listener: (state: SessionState) => void): Handle {
    return this.#states.onChange(listener);
  }

  onNewSession(listener: () => void): Handle {
    return this.#newSession.add(listener);
  }

  async get(path: string): Promise<Node | null> {
    const [node] = await this.getAll([path]);
    return node ?? null;
  }

  async getAll(paths: readonly string[]): Promise<(Node | null)[]> {
    this.#checkCall(paths);
    this.#store.refresh();
    return paths.map((path) => {
      const node = this.#store.node(path);
      if (!node) return null;
      return { data: node.data, version: node.version, ephemeral: node.owner !== '' };
    });
  }

  async children(path: string): Promise<string[]> {
    this.#checkCall([path]);
    this.#store.refresh();
    return this.#store.childNames(path).sort();
  }

  async create(path: string, data: string, options: CreateOptions = {}): Promise<string> {
    const { ephemeral, sequential } = options;
    this.#checkCall([sequential ? sequentialPath(path, 0) : path]);
    checkWriteSize([{ type: 'create', path, data }]);
    const made = await this.#write(`create ${path}`, (change) => {
      change.createParents(path);
      const actual = sequential ? change.nextSequential(path) : path;
      change.create(actual, data, ephemeral ? this.#sessionId : '');
      return actual;
    });
    if (ephemeral === 'restored') this.#restored.add(made, data);
    return made;
  }

  async set(path: string, data: string, version?: number): Promise<number> {
    this.#checkCall([path]);
    checkWriteSize([{ type: 'set', path, data }]);
    const newVersion = await this.#write(`set ${path}`, (change) =>
      change.set(path, data, version),
    );
    this.#restored.note([{ type: 'set', path, data }]);
    return newVersion;
  }

  async delete(path: string, version?: number): Promise<void> {
    this.#checkCall([path]);
    await this.#write(`delete ${path}`, (change) => change.delete(path, version));
    this.#restored.forget(path);
  }

  async multi(operations: readonly Operation[]): Promise<void> {
    this.#checkCall(operations.map(({ path }) => path));
    checkWriteSize(operations);
    if (operations.length === 0) return;
    const what = `transaction on ${operations[0]?.path} and ${operations.length - 1} more`;
    await this.#write(what, (change) => {
      for (const operation of operations) change.apply(operation, this.#sessionId);
    });
    this.#restored.note(operations);
  }

  async watchNode(path: string, listener: () => void): Promise<Handle> {
    this.#checkCall([path]);
    return this.#watches.add('node', path, listener);
  }

  async watchChildren(path: string, listener: () => void): Promise<Handle> {
    this.#checkCall([path]);
    return this.#watches.add('children', path, listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    this.#changes?.close();
    this.#states.change('closed');
    try {
      const ending = this.#store.write((commit) =>
        endSession(this.#store, commit, this.#sessionId),
      );
      await withDeadline(ending, this.#requestDeadlineMs, 'the embedded coordinator (close)');
      this.#liveness.end(this.#sessionId);
    } catch (error) {
      // The others end the session when our process is gone.
      this.#log.warn({ error: messageOf(error) }, 'the session is not closed');
      return;
    }
    await this.#store.close();
  }

  #checkCall(paths: readonly string[]): void {
    if (this.state === 'closed') throw new ClosedError();
    for (const path of paths) {
      checkPath(path);
      if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
        throw new CoordinatorError(`the path ${path.slice(0, 40)}... is too long`);
      }
    }
  }

  async #begin(): Promise<void> {
    await this.#makeSession();
    await this.#reap();
    this.#states.change('connected');
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    try {
      this.#changes = watch(this.#store.changeFile, () => this.#look());
      this.#changes.on('error', (error) => this.#log.warn({ error: error.message }, 'fs.watch'));
    } catch (error) {
      this.#log.warn(
        { error: messageOf(error) },
        `changes by others are noticed after up to ${TICK_MS} ms only`,
      );
    }
  }

  /** Registers a session under the present id and makes the restored nodes in it. */
  async #makeSession(): Promise<void> {
    const id = this.#sessionId;
    this.#liveness.begin(id);
    const making = this.#store.write((commit) => {
      const change = new TreeChange(this.#store, commit);
      if (!change.node('/')) change.createRoot();
      const conflicts: string[] = [];
      for (const [path, data] of this.#restored.entries) {
        const present = change.node(path);
        if (present && !this.#pastSessions.has(present.owner)) {
          conflicts.push(path);
          continue;
        }
        if (present) change.delete(path);
        change.createParents(path);
        change.create(path, data, id);
      }
      change.save();
      this.#store.putSession(id, { process: ownIdentity(), timeoutMs: this.#sessionTimeoutMs });
      return conflicts;
    });
    const conflicts = await this.#withDeadline('begin a session', making);
    for (const path of conflicts) {
      this.#restored.forget(path);
      this.#log.error({ path, error: new NodeExistsError(path).message }, 'a node is not restored');
    }
  }

  /** A write by this session, in whichever it is then. */
  async #write<T>(what: string, work: (change: TreeChange) => T): Promise<T> {
    const startedAt = performance.now();
    for (;;) {
      const leftMs = Math.max(1, this.#requestDeadlineMs - (performance.now() - startedAt));
      await this.#states.reached('connected', leftMs, `the embedded coordinator (${what})`);
      let isLate = false;
      const writing = this.#store.write((commit) => {
        // Nobody waits for it any more; and a new caller may have tried again.
        if (isLate) throw new Error(`${what} came too late`);
        if (!this.#store.session(this.#sessionId)) throw new SessionOverError();
        const change = new TreeChange(this.#store, commit);
        const outcome = work(change);
        change.save();
        return outcome;
      });
      try {
        const outcome = await this.#withDeadline(what, writing, leftMs);
        this.#look();
        return outcome;
      } catch (error) {
        isLate = true;
        if (!(error instanceof SessionOverError)) throw error;
        if (this.state === 'closed') throw new ClosedError();
        this.#expire();
      }
    }
  }

  #withDeadline<T>(what: string, promise: Promise<T>, ms = this.#requestDeadlineMs): Promise<T> {
    return withDeadline(promise, Math.ceil(ms), `the embedded coordinator (${what})`);
  }

  #look(): void {
    if (this.state !== 'connected') return;
    try {
      this.#watches.check();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'the embedded coordinator cannot be read');
    }
  }

  #tick(): void {
    this.#liveness.beat(this.#sessionId);
    if (this.state === 'expired') void this.#renew();
    else if (!this.#hasSession()) this.#expire();
    void this.#reap();
    this.#look();
  }

  #hasSession(): boolean {
    try {
      this.#store.refresh();
      return this.#store.session(this.#sessionId) !== undefined;
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'the embedded coordinator cannot be read');
      return true;
    }
  }

  /** Ends the sessions of processes that have ended. */
  async #reap(): Promise<void> {
    if (this.#isReaping) return;
    this.#isReaping = true;
    try {
      const ended = this.#liveness.findEnded(this.#sessionId);
      if (ended.length === 0) return;
      const reaping = this.#store.write((commit) => {
        for (const id of ended) endSession(this.#store, commit, id);
      });
      await this.#withDeadline('end the sessions of others', reaping);
      for (const id of ended) this.#liveness.end(id);
      this.#log.info({ sessions: ended }, 'ended the sessions of processes that are gone');
      this.#look();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'ended sessions are not cleared away');
    } finally {
      this.#isReaping = false;
    }
  }

  #expire(): void {
    if (this.state !== 'connected') return;
    this.#log.warn({ session: this.#sessionId }, 'the session has expired');
    this.#pastSessions.add(this.#sessionId);
    this.#sessionId = newSessionId();
    this.#states.change('expired');
    void this.#renew();
  }

  /** A new session after an expired one. If it fails, the next tick tries again. */
  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await this.#makeSession();
      if (this.state !== 'expired') return;
      this.#states.change('connected');
      this.#newSession.call();
      this.#watches.callAll();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'no new session');
    } finally {
      this.#isRenewing = false;
    }
  }
}

/** Within the store's `write`. */
function endSession(store: EmbeddedStore, commit: number, sessionId: string): void {
  const change = new TreeChange(store, commit);
  for (const path of store.ownedBy(sessionId)) {
    if (change.node(path)?.owner === sessionId) change.delete(path);
  }
  change.save();
  store.putSession(sessionId, null);
}

function newSessionId(): string {
  return `${process.pid}-${randomBytes(6).toString('hex')}`;
}
