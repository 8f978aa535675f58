import { SLOT_COUNT, slotOfKey } from '../../../cluster/slot-hash.js';
import type { SlotRoute, TopologyChange } from '../../../proxy/router/topology-change.js';
import { onlineSlot } from '../../support/data-plane.js';
import { encodeCommand, RespClient } from '../../support/resp-client.js';

export interface MovedCluster {
  /** How many groups there are: at first each has an equal share of the slots. */
  readonly groups: number;
  /** The port of the group's master now. */
  portOf(groupId: number): number;
  /** Tells all proxies. */
  apply(change: Omit<TopologyChange, 'seq'>): Promise<void>;
}

/** Moves slots from one group to another in the steps of the real thing, a step a call. */
export class SlotMover {
  readonly #cluster: MovedCluster;
  readonly #ownerOf = new Map<number, number>();
  readonly #steps: (() => Promise<void>)[] = [];

  constructor(cluster: MovedCluster) {
    this.#cluster = cluster;
  }

  async step(): Promise<void> {
    await this.#steps.shift()?.();
  }

  /** All steps that are left. */
  async finish(): Promise<void> {
    while (this.#steps.length > 0) await this.step();
  }

  /** Something else, between the steps of moves that are planned before and after it. */
  insert(work: () => Promise<void>): void {
    this.#steps.push(work);
  }

  /** @param names the keys that there are */
  plan(slots: readonly number[], to: number, names: readonly string[]): void {
    const moving = slots.filter((slotId) => this.#owner(slotId) !== to);
    for (const from of new Set(moving.map((slotId) => this.#owner(slotId)))) {
      const leaving = new Set(moving.filter((slotId) => this.#owner(slotId) === from));
      const keys = names.filter((name) => leaving.has(slotOf(name)));
      const tell = (route: (slotId: number) => SlotRoute) => async () =>
        this.#cluster.apply({ slots: [...leaving].map(route), groups: [] });
      this.insert(
        tell((slotId) => ({ slotId, status: 'pre_migrate', groupId: from, migrateFrom: -1 })),
      );
      this.insert(
        tell((slotId) => ({ slotId, status: 'migrate', groupId: to, migrateFrom: from })),
      );
      for (let first = 0; first < keys.length; first += 7) {
        this.insert(() => this.#migrate(from, to, keys.slice(first, first + 7)));
      }
      this.insert(tell((slotId) => onlineSlot(slotId, to)));
      for (const slotId of leaving) this.#ownerOf.set(slotId, to);
    }
  }

  /** All slots where they were. */
  planReturn(names: readonly string[]): void {
    for (let groupId = 1; groupId <= this.#cluster.groups; groupId++) {
      const all = Array.from({ length: SLOT_COUNT }, (_, slotId) => slotId);
      this.plan(
        all.filter((slotId) => this.#home(slotId) === groupId),
        groupId,
        names,
      );
    }
  }

  #owner(slotId: number): number {
    return this.#ownerOf.get(slotId) ?? this.#home(slotId);
  }

  #home(slotId: number): number {
    return 1 + Math.floor((slotId * this.#cluster.groups) / SLOT_COUNT);
  }

  async #migrate(from: number, to: number, keys: readonly string[]): Promise<void> {
    const target = this.#cluster.portOf(to);
    const direct = await RespClient.connect(this.#cluster.portOf(from));
    direct.send(
      encodeCommand(['MIGRATE', '127.0.0.1', target, '', 0, 5000, 'REPLACE', 'KEYS', ...keys]),
    );
    await direct.reply();
    direct.close();
  }
}

function slotOf(name: string): number {
  return slotOfKey(Buffer.from(name), 0, name.length);
}
