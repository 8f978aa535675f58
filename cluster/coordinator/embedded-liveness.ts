import { closeSync, openSync, statSync, unlinkSync, utimes } from 'node:fs';
import type { EmbeddedStore } from './embedded-store.js';
import { fateOf } from './process-identity.js';

/** A sign of life, and a look at the others', every so often. */
export const TICK_MS = 500;

// Time that we slept ourselves (stopped, suspended) says nothing about the others.
const LONGEST_TICK_MS = 2 * TICK_MS;

/** Another session's last sign of life, and for how long we have seen no other. */
interface Silence {
  beat: number;
  forMs: number;
}

/**
 * Which sessions are over. A session ends with its process: at once when the process is gone (no
 * such pid, or one that started at another time), and after the session's timeout without a sign
 * of life when it exists but is stopped or hung, or cannot be seen from here. So a stopped process
 * keeps its ephemeral nodes for as long as ZooKeeper would let it, and gets a new session if it
 * wakes up later.
 *
 * Signs of life are not times to be compared with a clock: only their changing counts, so that a
 * clock that is set does no harm.
 */
export class EmbeddedLiveness {
  readonly #store: EmbeddedStore;
  readonly #silences = new Map<string, Silence>();
  #tickedAt = performance.now();

  constructor(store: EmbeddedStore) {
    this.#store = store;
  }

  begin(sessionId: string): void {
    closeSync(openSync(this.#store.beatFile(sessionId), 'w'));
  }

  beat(sessionId: string): void {
    const now = new Date();
    // A beat that fails is as good as one that was not made.
    utimes(this.#store.beatFile(sessionId), now, now, () => undefined);
  }

  end(sessionId: string): void {
    try {
      unlinkSync(this.#store.beatFile(sessionId));
    } catch {
      // Somebody else has cleared it away, or will: the record of the session decides.
    }
  }

  /** The ids of the sessions, other than ours, that are over; to be called every TICK_MS. */
  findEnded(ownId: string): string[] {
    const now = performance.now();
    const passedMs = Math.min(now - this.#tickedAt, LONGEST_TICK_MS);
    this.#tickedAt = now;
    const sessions = this.#store.sessions().filter(({ id }) => id !== ownId);
    const ids = new Set(sessions.map(({ id }) => id));
    for (const id of this.#silences.keys()) if (!ids.has(id)) this.#silences.delete(id);
    return sessions
      .filter(({ id, record }) => {
        const silentMs = this.#silentMs(id, passedMs);
        return fateOf(record.process) === 'gone' || silentMs > record.timeoutMs;
      })
      .map(({ id }) => id);
  }

  #silentMs(id: string, passedMs: number): number {
    const beat = this.#beatOf(id);
    const silence = this.#silences.get(id);
    if (silence?.beat === beat) {
      silence.forMs += passedMs;
      return silence.forMs;
    }
    this.#silences.set(id, { beat, forMs: 0 });
    return 0;
  }

  #beatOf(id: string): number {
    return statSync(this.#store.beatFile(id), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }
}
