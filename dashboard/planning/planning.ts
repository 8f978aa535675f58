import type { Store } from '../../cluster/store.js';
import type { LiveState } from '../api/live-contract.js';
import type { ChangeBody, ChangePlan } from '../api/web-contract.js';
import type { Cluster } from '../cluster.js';
import { GroupPlans } from './group-plans.js';
import { type Draft, planOf } from './plan.js';
import { SlotPlans } from './slot-plans.js';
import { UpkeepPlans } from './upkeep-plans.js';

/** What each change would do, before it is done; one shape for all of them. */
export class Planning {
  readonly #groups: GroupPlans;
  readonly #slots: SlotPlans;
  readonly #upkeep: UpkeepPlans;

  constructor(store: Store, cluster: Cluster) {
    this.#groups = new GroupPlans(store, cluster.servers);
    this.#slots = new SlotPlans(store, cluster.slots, cluster.migration);
    this.#upkeep = new UpkeepPlans(store);
  }

  /**
   * Changes nothing.
   *
   * @param state as last seen, for figures
   * @throws what the change would be refused with, as far as it can be seen before
   */
  async plan(change: ChangeBody, state: LiveState | null): Promise<ChangePlan> {
    return planOf(await this.#draft(change, state));
  }

  #draft(change: ChangeBody, state: LiveState | null): Promise<Draft> {
    switch (change.change) {
      case 'add-group':
        return this.#groups.addGroup(change);
      case 'remove-group':
        return this.#groups.removeGroup(change);
      case 'add-server':
        return this.#groups.addServer(change, state);
      case 'remove-server':
        return this.#groups.removeServer(change);
      case 'promote':
        return this.#groups.promote(change, state);
      case 'init-slots':
        return this.#slots.init(change);
      case 'set-slots':
        return this.#slots.set(change);
      case 'move-slots':
        return this.#slots.move(change);
      case 'rebalance':
        return this.#slots.rebalance(change);
      case 'drain-group':
        return this.#slots.drain(change);
      case 'control-job':
        return this.#slots.controlJob(change);
      case 'set-proxy':
        return this.#upkeep.setProxy(change, state);
      case 'gc-actions':
        return this.#upkeep.gcActions(change);
      case 'remove-locks':
        return this.#upkeep.removeLocks();
      case 'remove-fences':
        return this.#upkeep.removeFences();
    }
  }
}
