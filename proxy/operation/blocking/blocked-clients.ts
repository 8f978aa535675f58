import type { Server } from '../../backend/server.js';
import type { ClusterAccess } from '../cluster-access.js';

/** A server whose shared connection has been down at so many looks in a row is gone. */
const SWEEP_MS = 1000;
const MISSED_SWEEPS = 5;

/** Somebody who waits, as others see him. */
export interface Blocked {
  /** Has the client answered now. */
  unblock(how: 'TIMEOUT' | 'ERROR'): void;
  /** Ends a wait for a server that is gone without a word. */
  checkServer(isGone: (server: Server) => boolean): void;
}

/** The clients of a worker that wait now. */
export class BlockedClients {
  readonly #byClientId = new Map<number, Blocked>();
  readonly #missed = new Map<Server, number>();
  #timer: NodeJS.Timeout | undefined;

  get count(): number {
    return this.#byClientId.size;
  }

  /** @returns ends the client's wait in this list */
  add(clientId: number, blocked: Blocked): () => void {
    this.#byClientId.set(clientId, blocked);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS);
    return () => {
      this.#byClientId.delete(clientId);
      if (this.#byClientId.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#missed.clear();
    };
  }

  /** @returns false if the client does not wait */
  unblock(clientId: number, how: 'TIMEOUT' | 'ERROR'): boolean {
    const blocked = this.#byClientId.get(clientId);
    blocked?.unblock(how);
    return blocked !== undefined;
  }

  /**
   * A host that loses its power says nothing. The shared connections have deadlines and find out;
   * those of clients that wait have none.
   */
  #sweep(): void {
    const seen = new Map<Server, boolean>();
    const isGone = (server: Server): boolean => {
      let gone = seen.get(server);
      if (gone === undefined) {
        const missed = server.state === 'ready' ? 0 : (this.#missed.get(server) ?? 0) + 1;
        this.#missed.set(server, missed);
        gone = missed > MISSED_SWEEPS;
        seen.set(server, gone);
      }
      return gone;
    };
    for (const blocked of this.#byClientId.values()) blocked.checkServer(isGone);
    for (const server of this.#missed.keys()) if (!seen.has(server)) this.#missed.delete(server);
  }
}

const ofClusters = new WeakMap<ClusterAccess, BlockedClients>();

/** Those of the worker that has this access to the cluster. */
export function blockedClientsOf(cluster: ClusterAccess): BlockedClients {
  let clients = ofClusters.get(cluster);
  if (clients === undefined) {
    clients = new BlockedClients();
    ofClusters.set(cluster, clients);
  }
  return clients;
}
