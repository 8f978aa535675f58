import zookeeper, { type Stat, type TransactionResult } from 'node-zookeeper-client';
import { DeadlineError, messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import {
  BadVersionError,
  type Coordinator,
  CoordinatorError,
  type CreateOptions,
  type Handle,
  type Node,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  type Operation,
  type SessionState,
} from './coordinator.js';
import { Listeners } from './listeners.js';
import { ancestorsOf, checkPath, sequentialPath } from './node-path.js';
import { RestoredNodes } from './restored-nodes.js';
import { checkWriteSize } from './write-size.js';
import { ConnectionLostError, type ZooKeeperConnection } from './zookeeper-connection.js';
import { ZooKeeperSession } from './zookeeper-session.js';
import { hasCode, type WatchKind, ZooKeeperWatches } from './zookeeper-watches.js';

export interface ZooKeeperOptions {
  /** host:port, several separated by commas. */
  servers: string;
  sessionTimeoutMs: number;
  requestDeadlineMs?: number;
  log: Logger;
}

/** Longer than the election of a new leader takes. */
const REQUEST_DEADLINE_MS = 10_000;

// Requests on the wire at once in a bulk read; a server stops reading at 1,000 by default.
const READ_WINDOW = 256;

const ANY_VERSION = -1;

const { EPHEMERAL, EPHEMERAL_SEQUENTIAL, PERSISTENT, PERSISTENT_SEQUENTIAL } = zookeeper.CreateMode;
const { BAD_VERSION, NO_NODE, NODE_EXISTS, NOT_EMPTY, OK } = zookeeper.Exception;

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
    return this.#session.run(`get ${paths[0]}`, 'retry', async (connection) => {
      const nodes: (Node | null)[] = [];
      for (let at = 0; at < paths.length; at += READ_WINDOW) {
        const window = paths.slice(at, at + READ_WINDOW);
        nodes.push(...(await Promise.all(window.map((path) => readNode(connection, path)))));
      }
      return nodes;
    });
  }

  async children(path: string): Promise<string[]> {
    checkPath(path);
    return this.#session.run(`children of ${path}`, 'retry', async (connection) => {
      try {
        const names = await connection.call<string[]>((client, done) =>
          client.getChildren(path, done),
        );
        return names.sort();
      } catch (error) {
        if (hasCode(error, NO_NODE)) return [];
        throw translate(error, path);
      }
    });
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
          return await createWithParents(connection, path, data, modeOf(options));
        } catch (error) {
          if (error instanceof NodeExistsError && attempt > 1) {
            const owner = await ownerOf(connection, path);
            if (owner?.equals(connection.session.id)) return path;
          }
          throw error;
        }
      },
    );
    if (ephemeral === 'restored') this.#restored.add(made, data);
    return made;
  }

  async set(path: string, data: string, version = ANY_VERSION): Promise<number> {
    checkPath(path);
    checkWriteSize([{ type: 'set', path, data }]);
    const stat = await this.#session.run(`set ${path}`, 'fail', (connection) =>
      translated(
        path,
        connection.call<Stat>((client, done) =>
          client.setData(path, Buffer.from(data), version, done),
        ),
      ),
    );
    this.#restored.note([{ type: 'set', path, data }]);
    return stat.version;
  }

  async delete(path: string, version = ANY_VERSION): Promise<void> {
    checkPath(path);
    try {
      await this.#session.run(`delete ${path}`, 'fail', (connection) =>
        translated(
          path,
          connection.call<void>((client, done) => client.remove(path, version, done)),
        ),
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
    await this.#session.run(what, 'fail', async (connection) => {
      const results = await translated(operations[0]?.path ?? '/', commit(connection, operations));
      // Of a refused transaction, those before the culprit carry no error.
      const culprit = results.findIndex(({ err }) => err !== undefined && err !== OK);
      if (culprit >= 0) {
        throw errorOf(results[culprit]?.err ?? OK, operations[culprit]?.path ?? '/', '');
      }
    });
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
      throw translate(error, path);
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
        await createWithParents(connection, path, data, EPHEMERAL);
        return;
      } catch (error) {
        if (!(error instanceof NodeExistsError)) throw error;
        const owner = await ownerOf(connection, path);
        const isOurs = owner?.equals(connection.session.id);
        const isLeftOver = past.some((id) => owner?.equals(id));
        if (owner && !isOurs && !isLeftOver) throw error;
      }
      // Ours is from an attempt whose connection was lost, with data that may be older. One that a
      // session of ours left behind, on a server that has not heard of its end, would go with it.
      await removeIfPresent(connection, path);
    }
  }
}

function modeOf({ ephemeral, sequential }: CreateOptions): number {
  if (ephemeral) return sequential ? EPHEMERAL_SEQUENTIAL : EPHEMERAL;
  return sequential ? PERSISTENT_SEQUENTIAL : PERSISTENT;
}

async function readNode(connection: ZooKeeperConnection, path: string): Promise<Node | null> {
  try {
    return await connection.call<Node>((client, done) =>
      client.getData(path, (error, data, stat) =>
        error
          ? done(error, { data: '', version: 0, ephemeral: false })
          : done(null, {
              data: data?.toString() ?? '',
              version: stat.version,
              ephemeral: isEphemeral(stat),
            }),
      ),
    );
  } catch (error) {
    if (hasCode(error, NO_NODE)) return null;
    throw translate(error, path);
  }
}

function isEphemeral(stat: Stat): boolean {
  return stat.ephemeralOwner.some((byte) => byte !== 0);
}

/** The id of the session that owns the node, zeros for a plain node; null if there is no node. */
async function ownerOf(connection: ZooKeeperConnection, path: string): Promise<Buffer | null> {
  const stat = await connection.call<Stat | null>((client, done) => client.exists(path, done));
  return stat?.ephemeralOwner ?? null;
}

async function createWithParents(
  connection: ZooKeeperConnection,
  path: string,
  data: string,
  mode: number,
): Promise<string> {
  for (;;) {
    try {
      return await createNode(connection, path, data, mode);
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
    }
    for (const ancestor of ancestorsOf(path)) {
      try {
        await createNode(connection, ancestor, '', PERSISTENT);
      } catch (error) {
        // NoNode: somebody deletes here while we create; the outer loop begins again.
        if (!(error instanceof NodeExistsError || error instanceof NoNodeError)) throw error;
      }
    }
  }
}

async function createNode(
  connection: ZooKeeperConnection,
  path: string,
  data: string,
  mode: number,
): Promise<string> {
  if (!path.endsWith('/')) {
    return translated(
      path,
      connection.call<string>((client, done) => client.create(path, Buffer.from(data), mode, done)),
    );
  }
  // A sequential node whose name is only its number. The package refuses the path; in a
  // transaction it can be put in after the check.
  const [result] = await translated(
    path,
    connection.call<TransactionResult[]>((client, done) => {
      const transaction = client.transaction().create(`${path}-`, Buffer.from(data), mode);
      transaction.ops.at(-1)!.path = path;
      transaction.commit((error, results) => done(results ? null : error, results ?? []));
    }),
  );
  if (result?.path === undefined) throw errorOf(result?.err ?? OK, path, '');
  return result.path;
}

async function removeIfPresent(connection: ZooKeeperConnection, path: string): Promise<void> {
  try {
    await connection.call<void>((client, done) => client.remove(path, ANY_VERSION, done));
  } catch (error) {
    if (!hasCode(error, NO_NODE)) throw error;
  }
}

/** Sends the operations as one transaction. A refused one resolves, with an error in a result. */
function commit(
  connection: ZooKeeperConnection,
  operations: readonly Operation[],
): Promise<TransactionResult[]> {
  return connection.call<TransactionResult[]>((client, done) => {
    const transaction = client.transaction();
    for (const operation of operations) {
      const { path } = operation;
      if (operation.type === 'create') {
        const mode = operation.ephemeral ? EPHEMERAL : PERSISTENT;
        transaction.create(path, Buffer.from(operation.data), mode);
        continue;
      }
      const version = operation.version ?? ANY_VERSION;
      if (operation.type === 'set') transaction.setData(path, Buffer.from(operation.data), version);
      else if (operation.type === 'delete') transaction.remove(path, version);
      else transaction.check(path, version);
      // The package takes version 0 for "any" here, which would make the write unconditional.
      transaction.ops.at(-1)!.version = version;
    }
    transaction.commit((error, results) => done(results ? null : error, results ?? []));
  });
}

async function translated<T>(path: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw translate(error, path);
  }
}

/** The package's exception as one of the coordinator's errors; others as they are. */
function translate(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') {
    return error;
  }
  return errorOf(error.code, path, error.message);
}

function errorOf(code: number, path: string, message: string): CoordinatorError {
  if (code === NO_NODE) return new NoNodeError(path);
  if (code === NODE_EXISTS) return new NodeExistsError(path);
  if (code === BAD_VERSION) return new BadVersionError(path);
  if (code === NOT_EMPTY) return new NotEmptyError(path);
  return new CoordinatorError(`ZooKeeper refuses the operation on ${path}: ${message || code}`);
}
