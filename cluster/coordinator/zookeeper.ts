import { DeadlineError, messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import {
  type Coordinator,
  type CreateOptions,
  type Handle,
  type Node,
  NodeExistsError,
  NoNodeError,
  type Operation,
  type SessionState,
} from './coordinator.js';
import { Listeners } from './listeners.js';
import { checkPath, sequentialPath } from './node-path.js';
import { RestoredNodes } from './restored-nodes.js';
import { checkWriteSize } from './write-size.js';
import { ConnectionLostError, type ZooKeeperConnection } from './zookeeper-connection.js';
import {
  createWithParents,
  deleteNode,
  readChildren,
  readNodes,
  readOwner,
  transact,
  writeNode,
} from './zookeeper-requests.js';
import { ZooKeeperSession } from './zookeeper-session.js';
import { type WatchKind, ZooKeeperWatches } from './zookeeper-watches.js';

export interface ZooKeeperOptions {
  /** host:port, several separated by commas. */
  servers: string;
  sessionTimeoutMs: number;
  requestDeadlineMs?: number;
  log: Logger;
}

/** Longer than the election of a new leader takes. */
const REQUEST_DEADLINE_MS = 10_000;

/**
 * The coordinator on ZooKeeper 3.4 and later. A write whose connection is lost before the answer
 * fails with a DeadlineError at once (its outcome is unknown); reads, watches and the making of
 * ephemeral nodes go on with the next connection.
 */
export class ZooKeeperCoordinator implements Coordinator {
  readonly #session: ZooKeeperSession;
  readonly #watches: ZooKeeperWatches;
  readonly #restored = new RestoredNodes();
  readonly #newSession: Listeners;
  readonly #log: Logger;

  /** Begins to connect, and goes on trying until {@link close}. */
  constructor({ servers, sessionTimeoutMs, requestDeadlineMs, log }: ZooKeeperOptions) {
    this.#log = log;
    this.#watches = new ZooKeeperWatches(log);
    this.#newSession = new Listeners(log);
    this.#session = new ZooKeeperSession(
      {
        servers,
        sessionTimeoutMs,
        requestDeadlineMs: requestDeadlineMs ?? REQUEST_DEADLINE_MS,
        log,
      },
      {
        prepare: async (connection, newSession) => {
          if (newSession) await this.#restore(connection, newSession.past);
          await this.#watches.armAll(connection);
        },
        resumed: (session) => {
          if (session === 'new') this.#newSession.call();
          this.#watches.callAll();
        },
      },
    );
  }

  get state(): SessionState {
    return this.#session.states.state;
  }

  /** Why there is no connection; empty if there is one or none was tried yet. */
  get lastFailure(): string {
    return this.#session.lastFailure;
  }

  /** Resolves once there is a session. @throws DeadlineError, ClosedError */
  connected(deadlineMs: number): Promise<void> {
    return this.#session.states.reached('connected', deadlineMs, 'ZooKeeper');
  }

  onState(listener: (state: SessionState) => void): Handle {
    return this.#session.states.onChange(listener);
  }

  onNewSession(listener: () => void): Handle {
    return this.#newSession.add(listener);
  }

  async get(path: string): Promise<Node | null> {
    const [node] = await this.getAll([path]);
    return node ?? null;
  }

  async getAll(paths: readonly string[]): Promise<(Node | null)[]> {
    paths.forEach(checkPath);
    if (paths.length === 0) return [];
    return this.#session.run(`get ${paths[0]}`, 'retry', (connection) =>
      readNodes(connection, paths),
    );
  }

  async children(path: string): Promise<string[]> {
    checkPath(path);
    const names = await this.#session.run(`children of ${path}`, 'retry', (connection) =>
      readChildren(connection, path),
    );
    return names.sort();
  }

  async create(path: string, data: string, options: CreateOptions = {}): Promise<string> {
    const { ephemeral, sequential = false } = options;
    checkPath(sequential ? sequentialPath(path, 0) : path);
    checkWriteSize([{ type: 'create', path, data }]);
    // An ephemeral node with a name of its own can be told to be ours: no doubt after a loss.
    const onLoss = ephemeral && !sequential ? 'retry' : 'fail';
    const made = await this.#session.run(
      `create ${path}`,
      onLoss,
      async (connection, attempt): Promise<string> => {
        try {
          return await createWithParents(connection, path, data, options);
        } catch (error) {
          if (error instanceof NodeExistsError && attempt > 1) {
            const owner = await readOwner(connection, path);
            if (owner?.equals(connection.session.id)) return path;
          }
          throw error;
        }
      },
    );
    if (ephemeral === 'restored') this.#restored.add(made, data);
    return made;
  }

  async set(path: string, data: string, version?: number): Promise<number> {
    checkPath(path);
    checkWriteSize([{ type: 'set', path, data }]);
    const newVersion = await this.#session.run(`set ${path}`, 'fail', (connection) =>
      writeNode(connection, path, data, version),
    );
    this.#restored.note([{ type: 'set', path, data }]);
    return newVersion;
  }

  async delete(path: string, version?: number): Promise<void> {
    checkPath(path);
    try {
      await this.#session.run(`delete ${path}`, 'fail', (connection) =>
        deleteNode(connection, path, version),
      );
    } catch (error) {
      // Whether it is gone or not: its owner does not want it back.
      if (error instanceof DeadlineError) this.#restored.forget(path);
      throw error;
    }
    this.#restored.forget(path);
  }

  async multi(operations: readonly Operation[]): Promise<void> {
    for (const { path } of operations) checkPath(path);
    checkWriteSize(operations);
    if (operations.length === 0) return;
    const what = `transaction on ${operations[0]?.path} and ${operations.length - 1} more`;
    await this.#session.run(what, 'fail', (connection) => transact(connection, operations));
    this.#restored.note(operations);
  }

  watchNode(path: string, listener: () => void): Promise<Handle> {
    return this.#watch('node', path, listener);
  }

  watchChildren(path: string, listener: () => void): Promise<Handle> {
    return this.#watch('children', path, listener);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #watch(kind: WatchKind, path: string, listener: () => void): Promise<Handle> {
    checkPath(path);
    // Registered first: a connection made from now on arms it with the others.
    const handle = this.#watches.add(kind, path, listener);
    try {
      await this.#session.run(`watch ${path}`, 'retry', (connection) =>
        this.#watches.arm(connection, kind, path),
      );
    } catch (error) {
      handle.close();
      throw error;
    }
    return handle;
  }

  /** Makes the restored nodes in a new session. @throws ConnectionLostError */
  async #restore(connection: ZooKeeperConnection, past: readonly Buffer[]): Promise<void> {
    for (const [path, data] of this.#restored.entries) {
      try {
        await this.#restoreNode(connection, path, data, past);
      } catch (error) {
        if (error instanceof ConnectionLostError) throw error;
        this.#log.error({ path, error: messageOf(error) }, 'an ephemeral node is not restored');
        this.#restored.forget(path);
      }
    }
  }

  async #restoreNode(
    connection: ZooKeeperConnection,
    path: string,
    data: string,
    past: readonly Buffer[],
  ): Promise<void> {
    for (;;) {
      try {
        await createWithParents(connection, path, data, { ephemeral: 'session' });
        return;
      } catch (error) {
        if (!(error instanceof NodeExistsError)) throw error;
        const owner = await readOwner(connection, path);
        const isOurs = owner?.equals(connection.session.id);
        const isLeftOver = past.some((id) => owner?.equals(id));
        if (owner && !isOurs && !isLeftOver) throw error;
      }
      // Ours is from an attempt whose connection was lost, with data that may be older. One that a
      // session of ours left behind, on a server that has not heard of its end, would go with it.
      await deleteNode(connection, path).catch((error: unknown) => {
        if (!(error instanceof NoNodeError)) throw error;
      });
    }
  }
}
