import type { Store } from '../../cluster/store.js';
import type { LiveState } from '../api/live-contract.js';
import type { ChangeBody } from '../api/web-contract.js';
import { InvalidInputError, NotFoundError } from '../errors.js';
import { probeAddress } from '../probe.js';
import type { Draft } from './plan.js';

type Of<Change extends ChangeBody['change']> = Extract<ChangeBody, { change: Change }>;

/** Plans for proxies, and for housekeeping. @throws what carrying it out would */
export class UpkeepPlans {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async setProxy({ id, state }: Of<'set-proxy'>, live: LiveState | null): Promise<Draft> {
    const proxies = await this.#store.loadProxies();
    const proxy = proxies.find((each) => each.id === id);
    if (!proxy) {
      throw new NotFoundError(`proxy ${id} is not registered`, {
        hint: 'see: codis-config proxy list',
      });
    }
    const common = { route: 'setProxyState', body: { id, state } } as const;
    if (state === 'online') {
      return {
        ...{ ...common, summary: `set proxy ${id} online`, seconds: 1 },
        steps: [`${id} loads the slots, and accepts clients at ${proxy.addr}`],
        undo: 'set it offline, which ends it',
        undoChange: { change: 'set-proxy', id, state: 'offline' },
        isNothing: proxy.state === 'online',
      };
    }
    const others = proxies.filter((each) => each.id !== id && each.state === 'online');
    const clients = live?.proxies[id]?.clients ?? 0;
    const warnings: string[] = [];
    if (clients > 0) warnings.push(`${clients} clients are connected: they have to connect again`);
    if (others.length === 0) warnings.push('no other proxy is online: nobody serves clients then');
    return {
      ...{ ...common, summary: `set proxy ${id} offline`, warnings, seconds: 5 },
      steps: [
        `${id} accepts no more clients, and answers what they have sent`,
        `it removes its records, and its process ends (pid ${proxy.pid})`,
      ],
      undo: 'start it again on its machine',
      ...(others.length === 0 && { confirmName: id }),
    };
  }

  async gcActions({ keep, secs }: Of<'gc-actions'>): Promise<Draft> {
    if ((keep === undefined) === (secs === undefined)) {
      throw new InvalidInputError('say which actions to delete: either keep or secs');
    }
    const count = (await this.#store.coordinator.children(this.#store.paths.actions)).length;
    const which = keep === undefined ? `older than ${secs} s` : `but the newest ${keep}`;
    return {
      summary: `delete actions ${which}`,
      steps: [`of ${count} actions, those ${which} are deleted, with their acknowledgements`],
      ...{ seconds: Math.ceil(count / 500), route: 'gcActions' },
      query: keep === undefined ? { secs: secs! } : { keep },
      isNothing: count === 0 || (keep !== undefined && count <= keep),
    };
  }

  async removeLocks(): Promise<Draft> {
    const locks = await this.#store.coordinator.children(this.#store.paths.lock);
    return {
      summary: 'remove locks of an original Codis',
      steps: [`${locks.length} locks are removed`],
      warnings: locks.length > 0 ? ['make sure that no original codis-config runs'] : [],
      ...{ seconds: 0, route: 'removeLocks', isNothing: locks.length === 0 },
    };
  }

  async removeFences(): Promise<Draft> {
    const [fences, proxies] = [await this.#store.loadFences(), await this.#store.loadProxies()];
    const registered = new Set(proxies.map((proxy) => proxy.addr));
    const orphans = fences.filter((addr) => !registered.has(addr));
    const answers = await Promise.all(orphans.map((addr) => probeAddress(addr)));
    const alive = orphans.filter((_, index) => answers[index] === 'accepts');
    const silent = orphans.filter((_, index) => answers[index] === 'silent');
    return {
      summary: 'remove the fences of proxies that are gone',
      steps: orphans.map((addr) => `the fence of ${addr} is removed: changes wait for it no more`),
      warnings: [
        ...alive.map(
          (addr) => `${addr} answers: it may serve clients by an old table. Stop it first`,
        ),
        ...silent.map((addr) => `${addr} is silent: make sure that its machine is off`),
      ],
      ...{ seconds: 0, route: 'removeFences', isNothing: orphans.length === 0 },
      ...(alive.length + silent.length > 0 && { confirmName: [...alive, ...silent].join(' ') }),
    };
  }
}
