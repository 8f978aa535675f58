import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/log.js';
import {
  type Handle,
  NodeExistsError,
  type Operation,
} from '../cluster/coordinator/coordinator.js';
import type { Action } from '../cluster/model/action.js';
import { isSameProxy, type ProxyRecord } from '../cluster/model/proxy.js';
import type { Store } from '../cluster/store.js';
import { probeAddress } from './probe.js';

/** How often we look whether a receiver's process is still there: nothing tells us when it ends. */
const LOOK_AGAIN_MS = 500;

/** Text of actions made in one step: half of what a coordinator takes. */
const MAX_STEP_BYTES = 400_000;

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
   * Publishes actions, in their order: first `ActionResponse/<seq>`, which receivers put their
   * answers under, then `actions/<seq>`, which they see; of several actions all at once, in one
   * step. The records must be written before: a proxy that comes online after the receivers were
   * listed reads them.
   */
  async publish(announcements: readonly Announcement[]): Promise<Published[]> {
    const [first] = announcements;
    if (!first) return [];
    const { coordinator, paths } = this.#store;
    const receivers = await this.listReceivers();
    const texts = announcements.map((announcement) => actionJson(announcement, receivers));
    // The coordinator gives out the first number. Those that follow it are free: its counter goes
    // up with every node made here, and we alone make them.
    const response = await coordinator.create(`${paths.responses}/`, texts[0]!, {
      sequential: true,
    });
    const base = Number(response.slice(-10));
    const published = texts.map((_, index) => ({
      seq: String(base + index).padStart(10, '0'),
      receivers,
    }));
    if (texts.length === 1) {
      await coordinator.create(paths.action(published[0]!.seq), texts[0]!);
    } else {
      await this.#createRest(published, texts);
    }
    this.#log.info(
      {
        seq: published[0]!.seq,
        count: published.length,
        type: first.type,
        receivers: receivers.map((proxy) => proxy.id),
      },
      'action published',
    );
    return published;
  }

  /** The nodes of several actions, less the first response, which is there. */
  async #createRest(published: readonly Published[], texts: readonly string[]): Promise<void> {
    const { coordinator, paths } = this.#store;
    if (!(await coordinator.get(paths.actions))) await this.#makeActions();
    const operations: Operation[] = [];
    for (const [index, { seq }] of published.entries()) {
      const data = texts[index]!;
      if (index > 0) operations.push({ type: 'create', path: paths.response(seq), data });
      operations.push({ type: 'create', path: paths.action(seq), data });
    }
    // With many proxies the texts are long: as many in a step as surely fit.
    const atOnce = Math.max(2, Math.floor(MAX_STEP_BYTES / texts[0]!.length));
    for (let at = 0; at < operations.length; at += atOnce) {
      await coordinator.multi(operations.slice(at, at + atOnce));
    }
  }

  async #makeActions(): Promise<void> {
    try {
      await this.#store.coordinator.create(this.#store.paths.actions, '');
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
    }
  }

  /**
   * Waits until every receiver has acknowledged every action, or is proven to be gone: its node
   * is, and its address refuses connections or belongs to a later life of it.
   *
   * @returns the receivers that did neither within the time; empty if all is well.
   */
  async awaitAcknowledgements(
    published: readonly Published[],
    timeoutMs: number,
  ): Promise<ProxyRecord[]> {
    const asked = published.filter(({ receivers }) => receivers.length > 0);
    if (asked.length === 0) return [];
    const { coordinator, paths } = this.#store;
    const deadline = Date.now() + timeoutMs;
    const change = new Signal();
    const handles: Handle[] = [];
    const unanswered = new Map<string, ProxyRecord[]>(
      asked.map(({ seq, receivers }) => [seq, [...receivers]]),
    );
    try {
      const responses = asked.map(({ seq }) => paths.response(seq));
      handles.push(
        ...(await Promise.all(
          [...responses, paths.proxies].map((path) =>
            coordinator.watchChildren(path, () => change.raise()),
          ),
        )),
      );
      let look: 'at the node' | 'at its ports' = 'at the node';
      for (;;) {
        change.lower();
        await this.#strikeAnswered(unanswered);
        const waiting = distinct([...unanswered.values()].flat());
        const gone = await Promise.all(waiting.map((proxy) => this.#isGone(proxy, look)));
        const silent = waiting.filter((_, index) => !gone[index]);
        const leftMs = deadline - Date.now();
        if (silent.length === 0 || leftMs <= 0) return silent;
        look = await change.raisedWithin(Math.min(LOOK_AGAIN_MS, leftMs), {
          raised: 'at the node',
          late: 'at its ports',
        });
      }
    } finally {
      for (const handle of handles) handle.close();
    }
  }

  /** Takes those away who have acknowledged. */
  async #strikeAnswered(unanswered: Map<string, ProxyRecord[]>): Promise<void> {
    await Promise.all(
      [...unanswered].map(async ([seq, proxies]) => {
        const answers = await this.#store.loadResponses(seq);
        const left = proxies.filter(
          (proxy) => !answers.some((answer) => isSameProxy(answer, proxy)),
        );
        if (left.length > 0) unanswered.set(seq, left);
        else unanswered.delete(seq);
      }),
    );
  }

  /**
   * Online proxies; also those marked offline that are still here: they serve what their clients
   * had sent, so they still count. Ours acknowledge until they have drained, those of an original
   * Codis end at once.
   */
  async listReceivers(): Promise<ProxyRecord[]> {
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

function distinct(proxies: readonly ProxyRecord[]): ProxyRecord[] {
  return [...new Map(proxies.map((proxy) => [proxy.id, proxy])).values()];
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
