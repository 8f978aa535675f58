import { messageOf } from '../../base/errors.js';
import { sendHttpRequest } from '../../base/http-request.js';
import type { Logger } from '../../base/log.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';

const FETCH_TIMEOUT_MS = 2_000;
/** A sample older than this says nothing of the present. */
const MAX_SAMPLE_AGE_MS = 60_000;

/** What the proxies tell of themselves over HTTP. */
export class ProxyVars {
  readonly #store: Store;
  readonly #log: Logger;
  #lastSample: { atMs: number; commands: number } | null = null;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** `/debug/vars` of every registered proxy by its id; null for one that does not answer. */
  async fetchAll(): Promise<Record<string, unknown>> {
    const proxies = await this.#store.loadProxies();
    const vars = await Promise.all(proxies.map((proxy) => this.#fetch(proxy)));
    return Object.fromEntries(proxies.map((proxy, index) => [proxy.id, vars[index]]));
  }

  /** Commands a second of all proxies since the last call; 0 at the first. */
  async opsPerSecond(): Promise<number> {
    const vars = Object.values(await this.fetchAll());
    const sample = {
      atMs: performance.now(),
      commands: vars.reduce<number>((sum, one) => sum + commandCount(one), 0),
    };
    const last = this.#lastSample;
    this.#lastSample = sample;
    const ageMs = last ? sample.atMs - last.atMs : 0;
    if (!last || ageMs === 0 || ageMs > MAX_SAMPLE_AGE_MS) return 0;
    // Less than before when a proxy has gone or started again.
    return Math.max(0, Math.round(((sample.commands - last.commands) * 1000) / ageMs));
  }

  async #fetch(proxy: ProxyRecord): Promise<unknown> {
    try {
      const { text } = await sendHttpRequest({
        method: 'GET',
        url: `http://${proxy.debug_var_addr}/debug/vars`,
        timeoutMs: FETCH_TIMEOUT_MS,
      });
      return JSON.parse(text);
    } catch (error) {
      this.#log.warn({ proxy: proxy.id, reason: messageOf(error) }, 'no debug vars');
      return null;
    }
  }
}

/** `router.ops`: commands since the start of the proxy. */
function commandCount(vars: unknown): number {
  const router = vars !== null && typeof vars === 'object' && 'router' in vars ? vars.router : null;
  const ops = router !== null && typeof router === 'object' && 'ops' in router ? router.ops : 0;
  return typeof ops === 'number' ? ops : 0;
}
