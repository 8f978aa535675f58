import zookeeper, { type Stat, type TransactionResult } from 'node-zookeeper-client';
import {
  BadVersionError,
  CoordinatorError,
  type CreateOptions,
  type Node,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  type Operation,
} from './coordinator.js';
import { ancestorsOf } from './node-path.js';
import type { ZooKeeperConnection } from './zookeeper-connection.js';

/*
 * The coordinator's operations as requests on one connection. They end with the coordinator's
 * errors, or with a ConnectionLostError.
 */

// Requests on the wire at once in a bulk read; a server stops reading at 1,000 by default.
const READ_WINDOW = 256;

const ANY_VERSION = -1;

const { EPHEMERAL, EPHEMERAL_SEQUENTIAL, PERSISTENT, PERSISTENT_SEQUENTIAL } = zookeeper.CreateMode;
const { BAD_VERSION, NO_NODE, NODE_EXISTS, NOT_EMPTY, OK } = zookeeper.Exception;

export async function readNodes(
  connection: ZooKeeperConnection,
  paths: readonly string[],
): Promise<(Node | null)[]> {
  const nodes: (Node | null)[] = [];
  for (let at = 0; at < paths.length; at += READ_WINDOW) {
    const window = paths.slice(at, at + READ_WINDOW);
    nodes.push(...(await Promise.all(window.map((path) => readNode(connection, path)))));
  }
  return nodes;
}

function readNode(connection: ZooKeeperConnection, path: string): Promise<Node | null> {
  return connection
    .call<Node | null>((client, done) =>
      client.getData(path, (error, data, stat) => {
        if (error) return done(error, null);
        const ephemeral = stat.ephemeralOwner.some((byte) => byte !== 0);
        done(null, { data: data?.toString() ?? '', version: stat.version, ephemeral });
      }),
    )
    .catch(unlessMissing<null>(path, null));
}

/** Unsorted; empty if there is no such node. */
export function readChildren(connection: ZooKeeperConnection, path: string): Promise<string[]> {
  return connection
    .call<string[]>((client, done) => client.getChildren(path, done))
    .catch(unlessMissing<string[]>(path, []));
}

/** The id of the session that owns the node, zeros for a plain node; null if there is no node. */
export async function readOwner(
  connection: ZooKeeperConnection,
  path: string,
): Promise<Buffer | null> {
  const stat = await connection.call<Stat | null>((client, done) => client.exists(path, done));
  return stat?.ephemeralOwner ?? null;
}

/** Makes the node and what is missing of its parents. @returns the path made */
export async function createWithParents(
  connection: ZooKeeperConnection,
  path: string,
  data: string,
  options: CreateOptions,
): Promise<string> {
  for (;;) {
    try {
      return await createNode(connection, path, data, modeOf(options));
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

function modeOf({ ephemeral, sequential }: CreateOptions): number {
  if (ephemeral) return sequential ? EPHEMERAL_SEQUENTIAL : EPHEMERAL;
  return sequential ? PERSISTENT_SEQUENTIAL : PERSISTENT;
}

async function createNode(
  connection: ZooKeeperConnection,
  path: string,
  data: string,
  mode: number,
): Promise<string> {
  if (!path.endsWith('/')) {
    return connection
      .call<string>((client, done) => client.create(path, Buffer.from(data), mode, done))
      .catch(translated(path));
  }
  // A sequential node whose name is only its number. The package refuses the path; in a
  // transaction it can be put in after the check.
  const [result] = await connection
    .call<TransactionResult[]>((client, done) => {
      const transaction = client.transaction().create(`${path}-`, Buffer.from(data), mode);
      transaction.ops.at(-1)!.path = path;
      transaction.commit((error, results) => done(results ? null : error, results ?? []));
    })
    .catch(translated(path));
  if (result?.path === undefined) throw errorOf(result?.err ?? OK, path);
  return result.path;
}

/** @returns the new version */
export async function writeNode(
  connection: ZooKeeperConnection,
  path: string,
  data: string,
  version = ANY_VERSION,
): Promise<number> {
  const stat = await connection
    .call<Stat>((client, done) => client.setData(path, Buffer.from(data), version, done))
    .catch(translated(path));
  return stat.version;
}

export function deleteNode(
  connection: ZooKeeperConnection,
  path: string,
  version = ANY_VERSION,
): Promise<void> {
  return connection
    .call<void>((client, done) => client.remove(path, version, done))
    .catch(translated(path));
}

/** Does the operations as one transaction. */
export async function transact(
  connection: ZooKeeperConnection,
  operations: readonly Operation[],
): Promise<void> {
  const results = await connection
    .call<TransactionResult[]>((client, done) => {
      const transaction = client.transaction();
      for (const operation of operations) {
        const { path } = operation;
        if (operation.type === 'create') {
          const mode = operation.ephemeral ? EPHEMERAL : PERSISTENT;
          transaction.create(path, Buffer.from(operation.data), mode);
          continue;
        }
        const version = operation.version ?? ANY_VERSION;
        if (operation.type === 'set') {
          transaction.setData(path, Buffer.from(operation.data), version);
        } else if (operation.type === 'delete') transaction.remove(path, version);
        else transaction.check(path, version);
        // The package takes version 0 for "any" here, which would make the write unconditional.
        transaction.ops.at(-1)!.version = version;
      }
      transaction.commit((error, answers) => done(answers ? null : error, answers ?? []));
    })
    .catch(translated(operations[0]?.path ?? '/'));
  // Of a refused transaction, those before the culprit carry no error.
  const culprit = results.findIndex(({ err }) => err !== undefined && err !== OK);
  if (culprit >= 0) throw errorOf(results[culprit]?.err ?? OK, operations[culprit]?.path ?? '/');
}

/** True for the package's exception for a node that is not there. */
export function isNoNode(error: unknown): boolean {
  return codeOf(error) === NO_NODE;
}

/** For `catch`: throws the package's exception as one of ours, and other errors as they are. */
function translated(path: string): (error: unknown) => never {
  return (error) => {
    const code = codeOf(error);
    throw code === null ? error : errorOf(code, path, error);
  };
}

/** As {@link translated}, but a missing node is an answer. */
function unlessMissing<T>(path: string, answer: T): (error: unknown) => T {
  return (error) => (isNoNode(error) ? answer : translated(path)(error));
}

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

function errorOf(code: number, path: string, cause?: unknown): CoordinatorError {
  if (code === NO_NODE) return new NoNodeError(path);
  if (code === NODE_EXISTS) return new NodeExistsError(path);
  if (code === BAD_VERSION) return new BadVersionError(path);
  if (code === NOT_EMPTY) return new NotEmptyError(path);
  const reason = cause instanceof Error ? cause.message : `error ${code}`;
  return new CoordinatorError(`ZooKeeper refuses the operation on ${path}: ${reason}`, { cause });
}
