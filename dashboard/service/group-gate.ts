import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type Handle, NotEmptyError } from '../../cluster/coordinator/coordinator.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError } from '../errors.js';
import { probeAddress } from '../probe.js';

/** A proxy that has not seen the gate by then is slow, gone, or does not know gates. */
const SEEN_WITHIN_MS = 1_500;
/** Whoever has seen it waits for the commands that it has sent: as long as clients can be let wait. */
const CLOSED_WITHIN_MS = 4_000;
const LOOK_AGAIN_MS = 250;

/**
 * Holds back a group's commands in all proxies, so that its master can be exchanged under them. The
 * gate is a node that goes with our session, and proxies open it by themselves after a time.
 */
export class GroupGate {
  readonly #store: Store;
  readonly #groupId: number;
  readonly #log: Logger;
  #opening: Promise<void> | null = null;

  private constructor(store: Store, groupId: number, log: Logger) {
    this.#store = store;
    this.#groupId = groupId;
    this.#log = log;
  }

  /**
   * Resolves when no proxy has a command of the group under way any more, nor sends another. Proxies
   * that do not answer are not waited for: the servers see to it that none of their writes is lost.
   *
   * @throws ConflictError if a proxy has commands under way for too long; the gate is open again
   */
  static async close(store: Store, groupId: number, log: Logger): Promise<GroupGate> {
    const gate = new GroupGate(store, groupId, log);
    // One of a dashboard that ended, whose session has not.
    await gate.#remove();
    await store.coordinator.create(store.paths.gate(groupId), randomUUID(), {
      ephemeral: 'session',
    });
    try {
      await gate.#awaitProxies();
    } catch (error) {
      await gate.open();
      throw error;
    }
    return gate;
  }

  /** Does not throw: what cannot be removed goes with our session. */
  open(): Promise<void> {
    this.#opening ??= this.#remove().catch((error: unknown) => {
      this.#log.warn({ group: this.#groupId, reason: messageOf(error) }, 'gate not removed');
    });
    return this.#opening;
  }

  async #awaitProxies(): Promise<void> {
    const { coordinator, paths } = this.#store;
    const begin = performance.now();
    let wake = () => {};
    const watch: Handle = await coordinator.watchChildren(paths.gates, () => wake());
    try {
      for (;;) {
        const pause = new AbortController();
        wake = () => pause.abort();
        const waiting = await this.#waiting();
        const elapsedMs = performance.now() - begin;
        const closing = waiting.filter(({ hasSeen }) => hasSeen);
        if (waiting.length === 0) return;
        if (closing.length === 0 && elapsedMs > SEEN_WITHIN_MS) {
          this.#log.warn({ proxies: waiting.map(({ id }) => id) }, 'proxies do not close the gate');
          return;
        }
        if (elapsedMs > CLOSED_WITHIN_MS) {
          throw new ConflictError(
            `proxy ${closing[0]?.id} has had commands under way at group ${this.#groupId} for too long`,
            { hint: 'try again when no slow command runs; see codis-config slowlog' },
          );
        }
        // The answers' data is not watched.
        const lookMs = closing.length > 0 ? 5 : LOOK_AGAIN_MS;
        await sleep(lookMs, undefined, { signal: pause.signal }).catch(() => undefined);
      }
    } finally {
      watch.close();
    }
  }

  /** The proxies that have not closed the gate, nor gone. */
  async #waiting(): Promise<readonly { id: string; hasSeen: boolean }[]> {
    const { coordinator, paths } = this.#store;
    const proxies = (await this.#store.loadProxies()).filter(({ state }) => state !== 'offline');
    const answers = await coordinator.getAll(
      proxies.map(({ id }) => paths.gateAnswer(this.#groupId, id)),
    );
    const waiting = proxies.flatMap(({ id, addr }, index) => {
      const data = answers[index]?.data;
      return data === 'closed' ? [] : [{ id, addr, hasSeen: data === 'closing' }];
    });
    const gone = await Promise.all(
      waiting.map(async ({ addr, hasSeen }) => {
        return !hasSeen && (await probeAddress(addr, LOOK_AGAIN_MS)) === 'refuses';
      }),
    );
    return waiting.filter((_, index) => !gone[index]);
  }

  /** The gate, what proxies have said of it, and where it stood if there is no other. */
  async #remove(): Promise<void> {
    const { coordinator, paths } = this.#store;
    await this.#store.deleteIfPresent(paths.gate(this.#groupId));
    const names = await coordinator.children(paths.gates);
    const answers = names.filter((name) => paths.gateAnswererOf(this.#groupId, name) !== null);
    await Promise.all(answers.map((name) => this.#store.deleteIfPresent(`${paths.gates}/${name}`)));
    try {
      await this.#store.deleteIfPresent(paths.gates);
    } catch (error) {
      if (!(error instanceof NotEmptyError)) throw error;
    }
  }
}
