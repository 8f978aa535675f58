/**
 * The tree of small nodes that the cluster's metadata lives in: ZooKeeper's data model, kept to
 * what Codis needs. Two drivers: `zookeeper.ts` and `embedded.ts`; one conformance suite.
 *
 * Every call settles: with its outcome, with one of the errors below, or with a DeadlineError
 * after the driver's request deadline (the outcome is then unknown); of a write also before, when
 * the connection was lost and the answer with it. Calls made while the session is `suspended` or
 * `expired` wait for it within the same deadline.
 */
export interface Coordinator {
  readonly state: SessionState;

  /** Called on every change of `state`; the handle's `close` ends it. */
  onState(listener: (state: SessionState) => void): Handle;

  /**
   * Called when a new session replaces an expired one. Nodes created with `ephemeral: 'restored'`
   * are back by then; those with `ephemeral: 'session'` are gone, and anything may have changed:
   * read again. All watches have been called or will be.
   */
  onNewSession(listener: () => void): Handle;

  /** The node, or null if there is none. */
  get(path: string): Promise<Node | null>;

  /** Many nodes at once, in the order asked for; as few round trips as the driver can. */
  getAll(paths: readonly string[]): Promise<(Node | null)[]>;

  /** The names (not paths) of the node's children, sorted; empty if there is no such node. */
  children(path: string): Promise<string[]>;

  /**
   * Makes a node; parents that are missing are made as plain nodes.
   *
   * @returns the path made: for `sequential`, `path` with ten digits appended.
   * @throws NodeExistsError
   */
  create(path: string, data: string, options?: CreateOptions): Promise<string>;

  /**
   * @param version the node must have; any if absent.
   * @returns the new version.
   * @throws NoNodeError, BadVersionError
   */
  set(path: string, data: string, version?: number): Promise<number>;

  /** @throws NoNodeError, BadVersionError, NotEmptyError */
  delete(path: string, version?: number): Promise<void>;

  /**
   * All of the operations or none, in one step that other clients see at once.
   *
   * @throws NoNodeError, NodeExistsError, BadVersionError or NotEmptyError of the first operation
   * that could not be done. Parents are not made here.
   */
  multi(operations: readonly Operation[]): Promise<void>;

  /**
   * Calls the listener after each change of the node's existence or data (`watchNode`), or of the
   * set of its children (`watchChildren`), until the handle is closed. A call says "read again";
   * several changes may be told as one. Also called after each reconnection during which a change
   * may have been missed. The node need not exist. The watch is armed when the promise resolves:
   * a change made after that is told.
   */
  watchNode(path: string, listener: () => void): Promise<Handle>;
  watchChildren(path: string, listener: () => void): Promise<Handle>;

  /**
   * Ends the session: its ephemeral nodes go at once, or, if the server does not answer, after the
   * session timeout. Later calls throw ClosedError.
   */
  close(): Promise<void>;
}

/**
 * - `connecting`: no session yet
 * - `connected`
 * - `suspended`: the server is not answering; the session may or may not live on
 * - `expired`: the session is over, a new one is being made; goes to `connected`
 * - `closed`: by us, for good
 */
export type SessionState = 'connecting' | 'connected' | 'suspended' | 'expired' | 'closed';

export interface Node {
  data: string;
  version: number;
  ephemeral: boolean;
}

export interface Handle {
  close(): void;
}

export interface CreateOptions {
  /**
   * The node lives as long as our session. `restored`: the driver makes it again, with the data
   * last written through this client, in the session after an expired one, unless somebody else
   * has taken the name by then. `session`: it does not (a lease).
   */
  ephemeral?: 'session' | 'restored';
  sequential?: boolean;
}

export type Operation =
  | { type: 'create'; path: string; data: string; ephemeral?: 'session' }
  | { type: 'set'; path: string; data: string; version?: number }
  | { type: 'delete'; path: string; version?: number }
  | { type: 'check'; path: string; version: number };

/** Also itself, for what cannot be: a bad path, a child of an ephemeral node, data over 1 MB. */
export class CoordinatorError extends Error {
  override readonly name: string = 'CoordinatorError';
}

export class NoNodeError extends CoordinatorError {
  override readonly name = 'NoNodeError';
  readonly path: string;
  constructor(path: string) {
    super(`no node ${path}`);
    this.path = path;
  }
}

export class NodeExistsError extends CoordinatorError {
  override readonly name = 'NodeExistsError';
  readonly path: string;
  constructor(path: string) {
    super(`node ${path} exists already`);
    this.path = path;
  }
}

export class BadVersionError extends CoordinatorError {
  override readonly name = 'BadVersionError';
  readonly path: string;
  constructor(path: string) {
    super(`node ${path} was changed by somebody else`);
    this.path = path;
  }
}

export class NotEmptyError extends CoordinatorError {
  override readonly name = 'NotEmptyError';
  readonly path: string;
  constructor(path: string) {
    super(`node ${path} has children`);
    this.path = path;
  }
}

/** The call was made after `close`, or `close` came before its answer. */
export class ClosedError extends CoordinatorError {
  override readonly name = 'ClosedError';
  constructor() {
    super('the coordinator session is closed');
  }
}
