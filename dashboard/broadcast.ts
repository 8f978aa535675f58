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

/** Text of records and actions written in one step: half of what a coordinator takes. */
export const MAX_STEP_BYTES = 400_000;

/** What an action says; the rest of it is who is told and when. */
export type Announcement = {
  [Type in Action['type']]: Pick<Extract<Action, { type: Type }>, 'type' | 'target'>;
}[Action['type']];

/** For so long nobody else can have led, made actions and deleted them again. */
const NUMBERS_KNOWN_MS = 2_000;

/** An action that has been published. */
export interface Published {
  /** Ten digits. */
  readonly seq: string;
  readonly receivers: readonly ProxyRecord[];
}

/** Actions that have their numbers, and are seen by proxies once `operations` are carried out. */
export interface Prepared {
  readonly published: readonly Published[];
  /** In an order in which each of them could be a step of its own. */
  readonly operations: readonly Operation[];
  /** `expected`: unless somebody else has made actions meanwhile, and the operations fail. */
  readonly numbers: 'given' | 'expected';
}

/** Tells the proxies what has changed, in the order that Codis 2 does. Saves no records. */
export class Broadcast {
  readonly #store: Store;
  readonly #log: Logger;
  /** The number that comes next, if we have made the last action; else the coordinator gives it. */
  #next: number | null = null;
  #numberedAt = 0;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * Actions in their order, up to where proxies would see them: each is `ActionResponse/<seq>`, which
   * receivers put their answers under, and then `actions/<seq>`.
   *
   * A proxy that comes online from now on is no receiver; if the records are not written yet, it may
   * have read them as they were before, until it sees the action.
   */
  async prepare(announcements: readonly Announcement[]): Promise<Prepared> {
    if (announcements.length === 0) return { published: [], operations: [], numbers: 'given' };
    const { coordinator, paths } = this.#store;
    if (!(await coordinator.get(paths.actions))) await this.#makeActions();
    const receivers = await this.listReceivers();
    const texts = announcements.map((announcement) => actionJson(announcement, receivers));
    const now = performance.now();
    if (now - this.#numberedAt > NUMBERS_KNOWN_MS) this.#next = null;
    this.#numberedAt = now;
    const numbers = this.#next === null ? 'given' : 'expected';
    // Numbers that follow one of ours are free: only one dashboard leads, and makes actions.
    const base = this.#next ?? (await this.#firstNumber(texts[0]!));
    this.#next = base + texts.length;
    const published = texts.map((_, index) => ({
      seq: String(base + index).padStart(10, '0'),
      receivers,
    }));
    const operations = published.flatMap(({ seq }, index): Operation[] => {
      const data = texts[index]!;
      const action: Operation = { type: 'create', path: paths.action(seq), data };
      if (index === 0 && numbers === 'given') return [action];
      return [{ type: 'create', path: paths.response(seq), data }, action];
    });
    this.#log.info(
      {
        seq: published[0]!.seq,
        count: published.length,
        type: announcements[0]!.type,
        receivers: receivers.map((proxy) => proxy.id),
      },
      'actions numbered',
    );
    return { published, operations, numbers };
  }

  /** The operations have failed: what comes next is the coordinator's to say. */
  forgetNumbers(): void {
    this.#next = null;
  }

  /** Makes the response of an action. */
  async #firstNumber(text: string): Promise<number> {
    const { coordinator, paths } = this.#store;
    const path = await coordinator.create(`${paths.responses}/`, text, { sequential: true });
    return Number(path.slice(-10));
  }

  /** Of actions too many for one step: with many proxies their texts are long. */
  async publish({ operations }: Prepared): Promise<void> {
    const { coordinator } = this.#store;
    let step: Operation[] = [];
    let stepBytes = 0;
    for (const operation of operations) {
      const bytes = bytesOf([operation]);
      if (stepBytes + bytes > MAX_STEP_BYTES) {
        await coordinator.multi(step);
        step = [];
        stepBytes = 0;
      }
      step.push(operation);
      stepBytes += bytes;
    }
    if (step.length > 0) await coordinator.multi(step);
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

/** About as much as the coordinator is sent for them. */
export function bytesOf(operations: readonly Operation[]): number {
  return operations.reduce(
    (sum, operation) =>
      sum + operation.path.length + ('data' in operation ? operation.data.length : 0),
    0,
  );
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
