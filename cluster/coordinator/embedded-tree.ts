import {
  BadVersionError,
  CoordinatorError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  type Operation,
} from './coordinator.js';
import type { EmbeddedStore, NodeRecord } from './embedded-store.js';
import { ancestorsOf, parentOf, sequentialPath } from './node-path.js';

/**
 * Changes to the tree that are made together or not at all: each is checked against the store and
 * those before it, and {@link save} writes them. ZooKeeper's rules.
 */
export class TreeChange {
  readonly #store: EmbeddedStore;
  readonly #commit: number;
  readonly #changed = new Map<string, NodeRecord | null>();
  readonly #owned: { sessionId: string; path: string; change: 'own' | 'disown' }[] = [];

  /** @param commit the number of the transaction this is part of. */
  constructor(store: EmbeddedStore, commit: number) {
    this.#store = store;
    this.#commit = commit;
  }

  node(path: string): NodeRecord | null {
    const changed = this.#changed.get(path);
    return changed === undefined ? (this.#store.node(path) ?? null) : changed;
  }

  /** @param sessionId the owner of nodes that the operation makes ephemeral. */
  apply(operation: Operation, sessionId: string): void {
    const { path } = operation;
    if (operation.type === 'create') {
      this.create(path, operation.data, operation.ephemeral ? sessionId : '');
    } else if (operation.type === 'set') {
      this.set(path, operation.data, operation.version);
    } else if (operation.type === 'delete') {
      this.delete(path, operation.version);
    } else {
      this.#existing(path, operation.version);
    }
  }

  /** @throws NodeExistsError, NoNodeError for the parent, CoordinatorError */
  create(path: string, data: string, owner: string): void {
    const parent = this.#parentFor(path);
    if (this.node(path)) throw new NodeExistsError(path);
    this.#changed.set(parentOf(path), {
      ...parent,
      childrenMade: parent.childrenMade + 1,
      childChanges: parent.childChanges + 1,
      children: parent.children + 1,
    });
    this.#changed.set(path, this.#fresh(data, owner));
    if (owner) this.#owned.push({ sessionId: owner, path, change: 'own' });
  }

  /** Once in the life of a folder. */
  createRoot(): void {
    this.#changed.set('/', this.#fresh('', ''));
  }

  /** Makes what is missing of the parents. */
  createParents(path: string): void {
    for (const ancestor of ancestorsOf(path)) {
      if (!this.node(ancestor)) this.create(ancestor, '', '');
    }
  }

  /** The path that the next sequential node gets. @throws NoNodeError */
  nextSequential(path: string): string {
    return sequentialPath(path, this.#parentFor(path).childrenMade);
  }

  /** @returns the new version. @throws NoNodeError, BadVersionError */
  set(path: string, data: string, version?: number): number {
    const node = this.#existing(path, version);
    this.#changed.set(path, { ...node, data, version: node.version + 1 });
    return node.version + 1;
  }

  /** @throws NoNodeError, BadVersionError, NotEmptyError */
  delete(path: string, version?: number): void {
    const node = this.#existing(path, version);
    if (path === '/') throw new CoordinatorError('the root cannot be deleted');
    if (node.children > 0) throw new NotEmptyError(path);
    const parentPath = parentOf(path);
    const parent = this.#existing(parentPath);
    this.#changed.set(parentPath, {
      ...parent,
      childChanges: parent.childChanges + 1,
      children: parent.children - 1,
    });
    this.#changed.set(path, null);
    if (node.owner) this.#owned.push({ sessionId: node.owner, path, change: 'disown' });
  }

  /** Writes everything; the last step, within the store's transaction. */
  save(): void {
    for (const [path, node] of this.#changed) this.#store.putNode(path, node);
    for (const { sessionId, path, change } of this.#owned) this.#store[change](sessionId, path);
  }

  #fresh(data: string, owner: string): NodeRecord {
    const counts = { childrenMade: 0, childChanges: 0, children: 0 };
    return { data, version: 0, made: this.#commit, ...counts, owner };
  }

  #existing(path: string, version?: number): NodeRecord {
    const node = this.node(path);
    if (!node) throw new NoNodeError(path);
    if (version !== undefined && version !== node.version) throw new BadVersionError(path);
    return node;
  }

  #parentFor(path: string): NodeRecord {
    const parent = this.node(parentOf(path));
    if (!parent) throw new NoNodeError(path);
    if (parent.owner) {
      throw new CoordinatorError(`${path}: an ephemeral node cannot have children`);
    }
    return parent;
  }
}
