import type { Operation } from '../../../cluster/coordinator/coordinator.js';

/** A step of a random history. */
export type Step =
  | Operation
  | { type: 'put'; path: string; data: string; ephemeral: boolean }
  | { type: 'number'; path: string; data: string }
  | { type: 'multi'; operations: Operation[] };

export interface ModelNode {
  data: string;
  version: number;
  ephemeral: boolean;
  childrenMade: number;
}

/** The name of the error that a step ends with. */
export class Refusal extends Error {}

/** What ZooKeeper's documentation says a tree does, in the plainest way: the model of the tests. */
export class TreeModel {
  #nodes = new Map<string, ModelNode>();

  constructor(root: string) {
    this.#nodes.set(root, { data: '', version: 0, ephemeral: false, childrenMade: 0 });
  }

  get paths(): string[] {
    return [...this.#nodes.keys()];
  }

  get(path: string): { data: string; version: number; ephemeral: boolean } | null {
    const node = this.#nodes.get(path);
    if (!node) return null;
    return { data: node.data, version: node.version, ephemeral: node.ephemeral };
  }

  children(path: string): string[] {
    return this.paths
      .filter((other) => parent(other) === path)
      .map((other) => other.slice(path.length + 1))
      .sort();
  }

  /** Does the step or, if it throws a Refusal, nothing. Returns what the coordinator returns. */
  apply(step: Step): unknown {
    const before = new Map([...this.#nodes].map(([path, node]) => [path, { ...node }]));
    try {
      return this.#apply(step);
    } catch (error) {
      // ZooKeeper cannot take back the parents that `create` has made for nothing; nor can there
      // be any here: what refuses the node would have refused them.
      this.#nodes = before;
      throw error;
    }
  }

  #apply(step: Step): unknown {
    if (step.type === 'multi') {
      for (const operation of step.operations) this.#apply(operation);
      return undefined;
    }
    if (step.type === 'put' || step.type === 'number') {
      this.#makeParents(step.path);
      const number = String(this.#nodes.get(parent(step.path))?.childrenMade).padStart(10, '0');
      const path = step.type === 'number' ? step.path + number : step.path;
      this.#create(path, step.data, step.type === 'put' && step.ephemeral);
      return path;
    }
    if (step.type === 'create') {
      this.#create(step.path, step.data, step.ephemeral !== undefined);
      return undefined;
    }
    const node = this.#nodes.get(step.path);
    if (!node) throw new Refusal('NoNodeError');
    if (step.version !== undefined && step.version !== node.version) {
      throw new Refusal('BadVersionError');
    }
    if (step.type === 'set') {
      node.data = step.data;
      return ++node.version;
    }
    if (step.type === 'delete') {
      if (this.children(step.path).length > 0) throw new Refusal('NotEmptyError');
      this.#nodes.delete(step.path);
    }
    return undefined;
  }

  #makeParents(path: string): void {
    const above = parent(path);
    if (this.#nodes.has(above)) return;
    this.#makeParents(above);
    this.#create(above, '', false);
  }

  #create(path: string, data: string, ephemeral: boolean): void {
    const above = this.#nodes.get(parent(path));
    if (!above) throw new Refusal('NoNodeError');
    if (above.ephemeral) throw new Refusal('CoordinatorError');
    if (this.#nodes.has(path)) throw new Refusal('NodeExistsError');
    above.childrenMade++;
    this.#nodes.set(path, { data, version: 0, ephemeral, childrenMade: 0 });
  }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
