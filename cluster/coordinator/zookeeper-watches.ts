import type { Stat } from 'node-zookeeper-client';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Handle } from './coordinator.js';
import { Listeners } from './listeners.js';
import { ConnectionLostError, type ZooKeeperConnection } from './zookeeper-connection.js';
import { isNoNode } from './zookeeper-requests.js';

export type WatchKind = 'node' | 'children';

interface Watch {
  readonly kind: WatchKind;
  readonly path: string;
  readonly listeners: Listeners;
}

/**
 * Lasting watches made of ZooKeeper's, which fire once and belong to a session. They are armed
 * again as soon as they fire, and all of them on every new connection.
 */
export class ZooKeeperWatches {
  readonly #watches = new Map<string, Watch>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers the listener. The watch is yet to be armed with {@link arm}. */
  add(kind: WatchKind, path: string, listener: () => void): Handle {
    const key = keyOf(kind, path);
    const watch = this.#watches.get(key) ?? { kind, path, listeners: new Listeners(this.#log) };
    this.#watches.set(key, watch);
    const handle = watch.listeners.add(listener);
    return {
      close: () => {
        handle.close();
        if (watch.listeners.size === 0 && this.#watches.get(key) === watch) {
          this.#watches.delete(key);
        }
      },
    };
  }

  /** Arms the watch on this connection: what changes from then on is told. */
  async arm(connection: ZooKeeperConnection, kind: WatchKind, path: string): Promise<void> {
    const fire = connection.watcher(keyOf(kind, path), () => this.#fired(connection, kind, path));
    if (kind === 'node') {
      await connection.call<Stat | null>((client, done) => client.exists(path, fire, done));
      return;
    }
    for (;;) {
      try {
        await connection.call<string[]>((client, done) => client.getChildren(path, fire, done));
        return;
      } catch (error) {
        if (!isNoNode(error)) throw error;
      }
      // No node, no watch on its children: wait for its creation.
      const stat = await connection.call<Stat | null>((client, done) =>
        client.exists(path, fire, done),
      );
      if (!stat) return;
    }
  }

  /** Arms every watch on a new connection. @throws ConnectionLostError */
  async armAll(connection: ZooKeeperConnection): Promise<void> {
    await Promise.all(
      [...this.#watches.values()].map(({ kind, path }) =>
        this.arm(connection, kind, path).catch((error: unknown) => {
          if (error instanceof ConnectionLostError) throw error;
          this.#log.error({ path, error: messageOf(error) }, 'a watch cannot be armed');
        }),
      ),
    );
  }

  callAll(): void {
    for (const watch of [...this.#watches.values()]) watch.listeners.call();
  }

  #fired(connection: ZooKeeperConnection, kind: WatchKind, path: string): void {
    const watch = this.#watches.get(keyOf(kind, path));
    if (!watch) return;
    this.arm(connection, kind, path).then(
      // Told once it is armed again, for what changed before that would not fire it.
      () => watch.listeners.call(),
      (error: unknown) => {
        // On a lost connection nothing is missed: the next one arms and calls every watch.
        if (error instanceof ConnectionLostError) return;
        this.#log.error({ path, error: messageOf(error) }, 'a watch cannot be armed again');
      },
    );
  }
}

function keyOf(kind: WatchKind, path: string): string {
  return `${kind} ${path}`;
}
