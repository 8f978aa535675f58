import type { ClusterAccess } from '../cluster-access.js';
import type { OperationClient } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { KeyTracking, type Redirect } from './key-tracking.js';
import type { TrackingOptions } from './tracking-options.js';

/** The clients of a worker that track keys. */
export class Trackers {
  readonly #cluster: ClusterAccess;
  readonly #maxClients: number;
  readonly #trackings = new Set<KeyTracking>();

  constructor(cluster: ClusterAccess, maxClients: number) {
    this.#cluster = cluster;
    this.#maxClients = maxClients;
  }

  get clientCount(): number {
    return this.#trackings.size;
  }

  /** Different ones that clients have named. */
  get prefixCount(): number {
    return new Set([...this.#trackings].flatMap(({ prefixes }) => prefixes)).size;
  }

  /** @throws OperationError if there are too many */
  start(client: OperationClient, options: TrackingOptions, redirect: Redirect | null): KeyTracking {
    if (this.#trackings.size >= this.#maxClients) {
      throw new OperationError(
        'ERR too many clients track keys at this proxy (tracking_max_clients in its config.ini)',
      );
    }
    const tracking: KeyTracking = new KeyTracking(client, this.#cluster, options, redirect, () =>
      this.#trackings.delete(tracking),
    );
    this.#trackings.add(tracking);
    return tracking;
  }
}

const ofClusters = new WeakMap<ClusterAccess, Trackers>();

/** Makes those of the worker that has this access to the cluster. */
export function openTrackers(cluster: ClusterAccess, maxClients: number): Trackers {
  const trackers = new Trackers(cluster, maxClients);
  ofClusters.set(cluster, trackers);
  return trackers;
}

export function trackersOf(cluster: ClusterAccess): Trackers {
  return ofClusters.get(cluster)!;
}
