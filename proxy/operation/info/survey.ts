import { withDeadline } from '../../../base/deadline.js';
import { decodeReply } from '../../../resp/decode.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import type { ClusterAccess } from '../cluster-access.js';
import { parseInfo, type Sections } from './info-text.js';
import { mergeInfo } from './merge-info.js';

/** A server that is slower is left out: clients ask for INFO before they do anything else. */
const SERVER_TIMEOUT_MS = 1_000;
const FIRST_LANE = laneOf(2, 0);

/** What the masters say of themselves, as of one. */
export interface Findings {
  readonly sections: Sections;
  readonly groups: number;
  /** Groups that have no master, or one that did not answer; nothing of theirs is in `sections`. */
  readonly unreachable: number;
}

/**
 * Asks the masters for INFO. Clients do so whenever they connect, thousands of them at the same time
 * perhaps: whoever asks while an answer is on its way shares the next one.
 */
export class Survey {
  readonly #cluster: ClusterAccess;
  readonly #running = new Map<string, Promise<Findings>>();
  readonly #next = new Map<string, Promise<Findings>>();

  constructor(cluster: ClusterAccess) {
    this.#cluster = cluster;
  }

  /** @param section what the servers are asked for; empty: their default */
  ask(section: string): Promise<Findings> {
    const running = this.#running.get(section);
    if (running === undefined) return this.#start(section);
    const next = this.#next.get(section) ?? running.then(() => this.#start(section));
    this.#next.set(section, next);
    return next;
  }

  #start(section: string): Promise<Findings> {
    this.#next.delete(section);
    const findings = this.#askAll(section);
    this.#running.set(section, findings);
    void findings.finally(() => {
      if (this.#running.get(section) === findings) this.#running.delete(section);
    });
    return findings;
  }

  async #askAll(section: string): Promise<Findings> {
    const masters = this.#cluster.masters();
    const replies = await Promise.all(
      masters.map(({ server }) => (server === null ? null : this.#askOne(server, section))),
    );
    const answered = replies.filter((sections) => sections !== null);
    return {
      sections: mergeInfo(answered),
      groups: masters.length,
      unreachable: masters.length - answered.length,
    };
  }

  async #askOne(server: Server, section: string): Promise<Sections | null> {
    const args = section === '' ? ['INFO'] : ['INFO', section];
    try {
      const frame = this.#cluster.ask(server, FIRST_LANE, args);
      const { value } = decodeReply(await withDeadline(frame, SERVER_TIMEOUT_MS, server.addr))!;
      return value.type === 'bulk' ? parseInfo(value.value.toString('latin1')) : null;
    } catch {
      // Too slow: it counts as one that cannot be reached.
      return null;
    }
  }
}
