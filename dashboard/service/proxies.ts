import type { Handle } from '../../cluster/coordinator/coordinator.js';
import { isSameProxy, type ProxyRecord } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { InvalidInputError, NotFoundError, SilentProxyError } from '../errors.js';

/** A proxy that is to go offline lets its clients have their replies first. */
export const OFFLINE_TIMEOUT_MS = 60_000;

/** Proxies, and their being online or not. */
export class Proxies {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #offlineTimeoutMs: number;

  constructor(store: Store, changes: Changes, offlineTimeoutMs = OFFLINE_TIMEOUT_MS) {
    this.#store = store;
    this.#changes = changes;
    this.#offlineTimeoutMs = offlineTimeoutMs;
  }

  /** Those registered, ascending by id. */
  list(): Promise<ProxyRecord[]> {
    return this.#store.loadProxies();
  }

  /**
   * `online`: the proxy's record says so; from now on every change asks it. `offline`, or Codis's
   * word for it `mark_offline`: the proxy drains and ends; resolves when its node is gone.
   *
   * @throws InvalidInputError, NotFoundError; SilentProxyError if it is still there in the end
   */
  async setState(proxyId: string, state: string): Promise<void> {
    switch (state) {
      case 'online':
        // In turn with the changes, so that no receivers are listed while a proxy comes online.
        await this.#changes.run(() => this.#save(proxyId, 'online'));
        return;
      case 'offline':
      case 'mark_offline':
        await this.#awaitEnd(await this.#changes.run(() => this.#save(proxyId, 'mark_offline')));
        return;
      default:
        throw new InvalidInputError(`a proxy cannot be set to "${state}"`, {
          hint: 'the state is online or offline',
        });
    }
  }

  async #save(proxyId: string, state: 'online' | 'mark_offline'): Promise<ProxyRecord> {
    // An id with a slash would lead to another node of the tree.
    const record = proxyId.includes('/') ? null : await this.#store.saveProxyState(proxyId, state);
    if (!record) {
      throw new NotFoundError(`proxy ${proxyId} is not registered`, {
        hint: 'see: codis-config proxy list',
      });
    }
    return record;
  }

  async #awaitEnd(proxy: ProxyRecord): Promise<void> {
    const { coordinator, paths } = this.#store;
    let handle: Handle | null = null;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(this.#stillThere(proxy)), this.#offlineTimeoutMs);
        const look = async () => {
          const registered = await this.#store.loadProxy(proxy.id);
          if (!registered || !isSameProxy(registered, proxy)) resolve();
        };
        coordinator
          .watchNode(paths.proxy(proxy.id), () => void look().catch(reject))
          .then((watch) => {
            handle = watch;
            return look();
          })
          .catch(reject);
      });
    } finally {
      clearTimeout(timer);
      (handle as Handle | null)?.close();
    }
  }

  #stillThere(proxy: ProxyRecord): SilentProxyError {
    const seconds = this.#offlineTimeoutMs / 1000;
    return new SilentProxyError(
      `proxy ${proxy.id} (${proxy.addr}, pid ${proxy.pid}) was told to go offline, ` +
        `and is still there after ${seconds} s`,
      { hint: 'if it hangs, kill it, then: codis-config action remove-fence' },
    );
  }
}
