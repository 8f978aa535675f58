import { SLOT_COUNT, slotOf } from '../../../cluster/slot-hash.js';
import type { TopologyChange } from '../../../proxy/router/topology-change.js';
import { onlineSlot, type TestDataPlane } from '../../support/data-plane.js';
import type { RedisServer } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

/** Two groups behind some proxies, and slots that go from one to the other as by the dashboard. */
export class MovingSlots {
  readonly #proxies: readonly TestDataPlane[];
  readonly #servers: readonly [RedisServer, RedisServer];
  readonly #ownerOf = new Map<number, 1 | 2>();

  constructor(proxies: readonly TestDataPlane[], servers: readonly [RedisServer, RedisServer]) {
    this.#proxies = proxies;
    this.#servers = servers;
  }

  /** Moves the slots of the keys to the other group, in the three steps. */
  async move(keys: readonly string[]): Promise<void> {
    const slotIds = [...new Set(keys.map((key) => slotOf(key)))];
    const moves = slotIds.map((slotId) => {
      const from = this.#ownerOf.get(slotId) ?? (slotId < SLOT_COUNT / 2 ? 1 : 2);
      return { slotId, from, to: from === 1 ? 2 : 1 } as const;
    });
    await this.apply({
      groups: [],
      slots: moves.map(({ slotId, from }) => ({
        slotId,
        status: 'pre_migrate',
        groupId: from,
        migrateFrom: -1,
      })),
    });
    await this.apply({
      groups: [],
      slots: moves.map(({ slotId, from, to }) => ({
        slotId,
        status: 'migrate',
        groupId: to,
        migrateFrom: from,
      })),
    });
    for (const { slotId, from, to } of moves) await this.#carry(slotId, from, to);
    await this.apply({ groups: [], slots: moves.map(({ slotId, to }) => onlineSlot(slotId, to)) });
    for (const { slotId, to } of moves) this.#ownerOf.set(slotId, to);
  }

  /** Puts a change into effect at all proxies; one of them hears of it last. */
  async apply(change: TopologyChange): Promise<void> {
    const [first, ...others] = this.#proxies;
    await Promise.all(others.map(({ plane }) => plane.apply(change)));
    await first!.plane.apply(change);
  }

  /** Moves all keys of the slot that are left. */
  async #carry(slotId: number, from: 1 | 2, to: 1 | 2): Promise<void> {
    const source = await RespClient.connect(this.#servers[from - 1]!.port);
    const { port } = this.#servers[to - 1]!;
    try {
      for (;;) {
        const keys = String(await source.call('KEYS', '*'))
          .split('\r\n')
          .filter((line, index) => index % 2 === 0 && index > 0 && slotOf(line) === slotId);
        if (keys.length === 0) return;
        const reply = await source.text(
          ...['MIGRATE', '127.0.0.1', port, '', '0', '5000', 'REPLACE', 'KEYS'],
          ...keys,
        );
        if (!/^\+(OK|NOKEY)/.test(reply)) throw new Error(reply);
      }
    } finally {
      source.close();
    }
  }
}
