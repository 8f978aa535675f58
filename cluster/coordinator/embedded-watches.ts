import type { Logger } from '../../base/log.js';
import type { Handle } from './coordinator.js';
import type { EmbeddedStore } from './embedded-store.js';
import { Listeners } from './listeners.js';

interface Watch {
  readonly kind: 'node' | 'children';
  readonly path: string;
  readonly listeners: Listeners;
  /** What was there when the listeners were last told. */
  seen: string;
}

/** Watches by comparison: after a commit, by whomever, what is watched is looked at again. */
export class EmbeddedWatches {
  readonly #store: EmbeddedStore;
  readonly #log: Logger;
  readonly #watches = new Map<string, Watch>();
  #lookedAt = -1;

  constructor(store: EmbeddedStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Armed on return. */
  add(kind: Watch['kind'], path: string, listener: () => void): Handle {
    const key = `${kind} ${path}`;
    let watch = this.#watches.get(key);
    if (!watch) {
      this.#store.refresh();
      const seen = this.#look(kind, path);
      watch = { kind, path, listeners: new Listeners(this.#log), seen };
      this.#watches.set(key, watch);
    }
    const { listeners } = watch;
    const handle = listeners.add(listener);
    return {
      close: () => {
        handle.close();
        if (listeners.size === 0 && this.#watches.get(key)?.listeners === listeners) {
          this.#watches.delete(key);
        }
      },
    };
  }

  /** Calls the listeners of what has changed. */
  check(): void {
    this.#store.refresh();
    const { commit } = this.#store;
    if (commit === this.#lookedAt) return;
    this.#lookedAt = commit;
    const changed: Watch[] = [];
    for (const watch of this.#watches.values()) {
      const seen = this.#look(watch.kind, watch.path);
      if (seen !== watch.seen) changed.push(watch);
      watch.seen = seen;
    }
    for (const watch of changed) watch.listeners.call();
  }

  callAll(): void {
    for (const watch of [...this.#watches.values()]) watch.listeners.call();
  }

  #look(kind: Watch['kind'], path: string): string {
    const node = this.#store.node(path);
    if (!node) return 'none';
    return `${node.made} ${kind === 'node' ? node.version : node.childChanges}`;
  }
}
