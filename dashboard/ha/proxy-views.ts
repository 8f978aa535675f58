import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '../../base/errors.js';
import { sendHttpRequest } from '../../base/http-request.js';
import { isSameProxy, type ProxyRecord } from '../../cluster/model/proxy.js';
import { probeAddress } from '../probe.js';

/** A proxy's `/debug/servers`. */
const serversPage = z.object({
  servers: z.record(
    z.string(),
    z.object({
      /** For how long the server has owed it an answer, in milliseconds; null: it cannot tell. */
      silent_ms: z.number().nullable(),
      last_error: z.string(),
    }),
  ),
});
type ServersPage = z.infer<typeof serversPage>['servers'];

export interface ProxyViewsOptions {
  readonly periodMs: number;
  /** What a proxy has not told within this time it does not tell. */
  readonly deadlineMs: number;
}

/** An online proxy as an observer of servers. */
export interface ProxyView {
  readonly id: string;
  /** Why it does not report; empty if it does. */
  readonly error: string;
  /** Proven to be no process any more, though its node is still there: not an observer. */
  readonly isGone: boolean;
  /** By address; null while it does not report. */
  readonly servers: ServersPage | null;
}

/** Asks one proxy again and again what it sees of the servers. */
class ProxyPoll {
  readonly proxy: ProxyRecord;
  readonly #options: ProxyViewsOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #stopping = new AbortController();
  #view: ProxyView;
  #viewAtMs = performance.now();

  constructor(proxy: ProxyRecord, options: ProxyViewsOptions) {
    this.proxy = proxy;
    this.#options = options;
    this.#view = silentView(proxy, 'it has not been asked yet');
    void this.#poll();
  }

  /** What it told last, unless that is old. */
  get view(): ProxyView {
    const { periodMs, deadlineMs } = this.#options;
    const isOld = performance.now() - this.#viewAtMs > 2 * (periodMs + deadlineMs);
    return isOld ? silentView(this.proxy, 'its last report is old') : this.#view;
  }

  stop(): void {
    this.#stopping.abort();
    this.#agent.destroy();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const view = await this.#fetch();
      this.#view = view;
      this.#viewAtMs = performance.now();
      // Fails only by the abort, which the loop's condition sees.
      await sleep(this.#options.periodMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #fetch(): Promise<ProxyView> {
    const { deadlineMs } = this.#options;
    const { id, debug_var_addr } = this.proxy;
    try {
      const { status, text } = await sendHttpRequest({
        method: 'GET',
        url: `http://${debug_var_addr}/debug/servers`,
        timeoutMs: deadlineMs,
        agent: this.#agent,
      });
      if (status !== 200) return silentView(this.proxy, `it answers with status ${status}`);
      const { servers } = serversPage.parse(JSON.parse(text));
      return { id, error: '', isGone: false, servers };
    } catch (error) {
      const isGone = isRefused(error) && (await probeAddress(this.proxy.addr)) === 'refuses';
      return { ...silentView(this.proxy, messageOf(error)), isGone };
    }
  }
}

/** What the online proxies see of the servers. */
export class ProxyViews {
  readonly #options: ProxyViewsOptions;
  #polls: ProxyPoll[] = [];

  constructor(options: ProxyViewsOptions) {
    this.#options = options;
  }

  /** From now on these proxies are asked, and no others. */
  follow(proxies: readonly ProxyRecord[]): void {
    const isWanted = (poll: ProxyPoll) => proxies.some((proxy) => isSame(poll.proxy, proxy));
    for (const poll of this.#polls) if (!isWanted(poll)) poll.stop();
    const kept = this.#polls.filter(isWanted);
    const added = proxies.filter((proxy) => !kept.some((poll) => isSame(poll.proxy, proxy)));
    this.#polls = [...kept, ...added.map((proxy) => new ProxyPoll(proxy, this.#options))];
  }

  /** One of each proxy that is an observer: also of those that do not report. */
  get all(): readonly ProxyView[] {
    return this.#polls.map((poll) => poll.view).filter(({ isGone }) => !isGone);
  }

  stop(): void {
    this.follow([]);
  }
}

function isSame(one: ProxyRecord, other: ProxyRecord): boolean {
  return isSameProxy(one, other) && one.debug_var_addr === other.debug_var_addr;
}

function silentView({ id }: ProxyRecord, error: string): ProxyView {
  return { id, error, isGone: false, servers: null };
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
