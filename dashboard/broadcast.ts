import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/log.js';
import type { Handle } from '../cluster/coordinator/coordinator.js';
import type { Action } from '../cluster/model/action.js';
import { isSameProxy, type ProxyRecord } from '../cluster/model/proxy.js';
import type { Store } from '../cluster/store.js';
import { probeAddress } from './probe.js';

/** How often we look whether a receiver's process is still there: nothing tells us when it ends. */
const LOOK_AGAIN_MS = 500;

/** What an action says; the rest of it is who is told and when. */
export type Announcement = {
  [Type in Action['type']]: Pick<Extract<Action, { type: Type }>, 'type' | 'target'>;
}[Action['type']];

/** An action that has been published. */
export interface Published {
  /** Ten digits. */
  readonly seq: string;
  readonly receivers: readonly ProxyRecord[];
}

/** Tells the proxies what has changed, in the order that Codis 2 does. Saves no records. */
export class Broadcast {
  readonly #store: Store;
  readonly #log: Logger;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * Publishes an action: first `ActionResponse/<seq>`, which receivers put their answers under,
   * then `actions/<seq>`, which they see. The records must be written before: a proxy that comes
   * online after the receivers were listed reads them.
   */
  async publish(announcement: Announcement): Promise<Published> {
    const { coordinator, paths } = this.#store;
    const receivers = await this.#listReceivers();
    const data = actionJson(announcement, receivers);
    const response = await coordinator.create(`${paths.responses}/`, data, { sequential: true });
    const seq = response.slice(-10);
    await coordinator.create(paths.action(seq), data);
    this.#log.info(
      { seq, type: announcement.type, receivers: receivers.map((proxy) => proxy.id) },
      'action published',
    );
    return { seq, receivers };
  }

  /**
   * Waits until every receiver has acknowledged, or is proven to be gone: its node is, and its
   * address refuses connections or belongs to a later life of it.
   *
   * @returns the receivers that did neither within the time; empty if all is well.
   */
  async awaitAcknowledgements(published: Published, timeoutMs: number): Promise<ProxyRecord[]> {
    if (published.receivers.length === 0) return [];
    const { coordinator, paths } = this.#store;
    const deadline = Date.now() + timeoutMs;
    const change = new Signal();
    const handles: Handle[] = [];
    let waiting = [...published.receivers];
    try {
      handles.push(
        await coordinator.watchChildren(paths.response(published.seq), () => change.raise()),
        await coordinator.watchChildren(paths.proxies, () => change.raise()),
      );
      let look: 'at the node' | 'at its ports' = 'at the node';
      for (;;) {
        change.lower();
        const answers = await this.#store.loadResponses(published.seq);
        waiting = waiting.filter((proxy) => !answers.some((answer) => isSameProxy(answer, proxy)));
        const gone = await Promise.all(waiting.map((proxy) => this.#isGone(proxy, look)));
        waiting = waiting.filter((_, index) => !gone[index]);
        const leftMs = deadline - Date.now();
        if (waiting.length === 0 || leftMs <= 0) return waiting;
        look = await change.raisedWithin(Math.min(LOOK_AGAIN_MS, leftMs), {
          raised: 'at the node',
          late: 'at its ports',
        });
      }
    } finally {
      for (const handle of handles) handle.close();
    }
  }

  /**
   * Online proxies; also those marked offline that are still here: they serve what their clients
   * had sent, so they still count. Ours acknowledge until they have drained, those of an original
   * Codis end at once.
   */
  async #listReceivers(): Promise<ProxyRecord[]> {
    const proxies = await this.#store.loadProxies();
    return proxies.filter((proxy) => proxy.state !== 'offline');
  }

  async #isGone(receiver: ProxyRecord, look: 'at the node' | 'at its ports'): Promise<boolean> {
    const registered = await this.#store.loadProxy(receiver.id);
    const hasNode = registered !== null && isSameProxy(registered, receiver);
    if (hasNode && look === 'at the node') return false;
    // A later life listens at the same address: the former cannot be there any more.
    const isReplaced = !hasNode && registered?.addr === receiver.addr;
    if (!isReplaced && (await probeAddress(receiver.addr)) !== 'refuses') return false;
    // The node of a killed process stays until its session expires. One that drains refuses
    // clients, too, but answers on its admin port until it ends.
    if (hasNode && (await probeAddress(receiver.debug_var_addr)) !== 'refuses') return false;
    this.#log.warn({ proxy: receiver.id, addr: receiver.addr }, 'receiver is gone');
    return true;
  }
}

/** Key order as Codis 2 writes it; receivers are texts, and null when there are none. */
function actionJson(announcement: Announcement, receivers: readonly ProxyRecord[]): string {
  return JSON.stringify({
    type: announcement.type,
    desc: '',
    target: announcement.target,
    ts: String(Math.floor(Date.now() / 1000)),
    receivers: receivers.length > 0 ? receivers.map((proxy) => JSON.stringify(proxy)) : null,
  });
}

/** Remembers that something was raised until somebody has waited for it. */
class Signal {
  #raised = false;
  #wake: () => void = () => {};

  raise(): void {
    this.#raised = true;
    this.#wake();
  }

  lower(): void {
    this.#raised = false;
  }

  /** One of `outcomes`: was it raised within the time? */
  async raisedWithin<T>(ms: number, outcomes: { raised: T; late: T }): Promise<T> {
    if (this.#raised) return outcomes.raised;
    const stop = new AbortController();
    this.#wake = () => stop.abort();
    // Fails only when woken, which is what we wait for.
    await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    return this.#raised ? outcomes.raised : outcomes.late;
  }
}
