import type { Config } from '../base/config.js';
import type { Logger } from '../base/log.js';
import type { Coordinator } from '../cluster/coordinator/coordinator.js';
import { Store } from '../cluster/store.js';
import { Broadcast } from './broadcast.js';
import { Changes } from './changes.js';
import { Fences } from './fences.js';
import { HighAvailability } from './ha/ha.js';
import type { Lease } from './lease.js';
import { Migration } from './migration/migration.js';
import { Actions } from './service/actions.js';
import { Groups } from './service/groups.js';
import { Overview } from './service/overview.js';
import { Promotion } from './service/promote.js';
import { Proxies } from './service/proxies.js';
import { ProxyVars } from './service/proxy-vars.js';
import { Servers } from './service/servers.js';
import { Slots } from './service/slots.js';

/** All that the API can show and do, by subject. */
export class Cluster {
  readonly changes: Changes;
  readonly groups: Groups;
  readonly servers: Servers;
  readonly promotion: Promotion;
  readonly slots: Slots;
  readonly proxies: Proxies;
  readonly proxyVars: ProxyVars;
  readonly overview: Overview;
  readonly actions: Actions;
  readonly migration: Migration;
  readonly ha: HighAvailability;
  readonly #coordinator: Coordinator;
  readonly #lease: Lease;

  constructor(coordinator: Coordinator, lease: Lease, config: Config, log: Logger) {
    this.#coordinator = coordinator;
    this.#lease = lease;
    const { password } = config;
    const store = new Store(coordinator, config.product);
    const fences = new Fences(store, log);
    const broadcast = new Broadcast(store, log);
    this.changes = new Changes(store, broadcast, fences, lease, config.actionTimeoutMs, log);
    this.groups = new Groups(store, this.changes);
    this.servers = new Servers(store, this.changes, password, log);
    this.promotion = new Promotion(store, this.changes, password, log);
    this.slots = new Slots(store, this.changes, password, log);
    this.proxies = new Proxies(store, this.changes);
    this.proxyVars = new ProxyVars(store, log);
    this.overview = new Overview(store, this.proxyVars, password);
    this.actions = new Actions(store, this.changes, fences, log);
    this.migration = new Migration(store, this.changes, this.actions, lease, password, log);
    this.ha = new HighAvailability(store, this.changes, lease, this.promotion, config, log);
  }

  health() {
    return { lease: this.#lease.state, coordinator: this.#coordinator.state };
  }

  /** Changes can be made: here, or at the dashboard that leads, which they are passed on to. */
  get canChange(): boolean {
    return this.#lease.leader !== null && this.#coordinator.state === 'connected';
  }
}
