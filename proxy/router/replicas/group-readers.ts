import type { Server } from '../../backend/server.js';
import { type Replication, ReplicationProbe } from './replication-probe.js';
import { StreamHistory } from './stream-history.js';

/** Whoever answers in so much more time than the quickest is as near. */
const AS_NEAR_MS = 1;
/** A server that owes an answer for longer is not read from. */
const SILENT_MS = 1000;

export interface ReadersSettings {
  /** `nearest`: also the master, if it is no further than the nearest. */
  readonly from: 'replica' | 'nearest';
  /** Milliseconds. */
  readonly maxLagMs: number;
}

/** The servers of a group that reads may go to: replicas that keep up with their master. */
export class GroupReaders {
  readonly #settings: ReadersSettings;
  readonly #history: StreamHistory;
  readonly #replicas: readonly ReplicationProbe[];
  #master: ReplicationProbe | null = null;
  /** Null: the master. */
  #fit: readonly (Server | null)[] = [];
  #next = 0;

  /** @param replicas connections of their own, ended with {@link close} */
  constructor(settings: ReadersSettings, replicas: readonly Server[]) {
    this.#settings = settings;
    this.#history = new StreamHistory(settings.maxLagMs);
    this.#replicas = replicas.map((server) => new ReplicationProbe(server, () => this.#judge()));
  }

  get servers(): readonly Server[] {
    return this.#replicas.map(({ server }) => server);
  }

  /** One of those that may be read from, in turns; null: the master. */
  choose(): Server | null {
    const { length } = this.#fit;
    if (length === 0) return null;
    this.#next = (this.#next + 1) % length;
    return this.#fit[this.#next]!;
  }

  /** Asks all of them where they are. @param master as it is now; null: there is none */
  ask(master: Server | null): void {
    if (this.#master?.server !== master) {
      this.#master =
        master &&
        new ReplicationProbe(master, (answer, nowMs) => {
          if (!answer.isReplica) this.#history.note(answer.id, answer.offset, nowMs);
        });
    }
    this.#master?.ask();
    for (const replica of this.#replicas) replica.ask();
    this.#judge();
  }

  close(): void {
    for (const { server } of this.#replicas) server.close();
  }

  #judge(): void {
    const nowMs = performance.now();
    const fit = this.#replicas.filter((replica) => this.#isFit(replica, nowMs));
    const isNearest = this.#settings.from === 'nearest' && this.#master?.latest;
    const candidates = isNearest ? [...fit, this.#master!] : fit;
    const quickest = Math.min(...candidates.map(({ answersInMs }) => answersInMs));
    this.#fit = candidates
      .filter(({ answersInMs }) => !isNearest || answersInMs <= quickest + AS_NEAR_MS)
      .map((probe) => (probe === this.#master ? null : probe.server));
  }

  #isFit(replica: ReplicationProbe, nowMs: number): boolean {
    const { latest } = replica;
    if (latest === null || replica.silentMs(nowMs) > SILENT_MS) return false;
    return this.#keepsUp(latest, nowMs);
  }

  #keepsUp({ isReplica, isSyncing, id, offset }: Replication, nowMs: number): boolean {
    if (!isReplica || isSyncing) return false;
    const lagMs = this.#history.lagMs(id, offset, nowMs);
    return lagMs !== null && lagMs <= this.#settings.maxLagMs;
  }
}
