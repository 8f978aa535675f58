import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Operation } from '../../cluster/coordinator/coordinator.js';
import type { LargeKeyRecord } from '../../cluster/model/large-key.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Changes, Step } from '../changes.js';
import { SilentProxyError } from '../errors.js';

/**
 * For about a hundred names. A change of 64 slots has to fit into a megabyte; keys beyond are moved
 * as they are.
 */
const MAX_LIST_BYTES = 8 * 1024;

/** What a record has besides the key. */
const RECORD_BYTES = 48;

/** Which key: its slot, its database and its bytes. */
export interface ListedKey {
  readonly slotId: number;
  readonly database: number;
  readonly key: Buffer;
}

/**
 * The keys that are copied in pieces, slot by slot, in the tree: what the proxies may do with each of
 * them. A key's way is
 *
 *     not listed -> [switching ->] copying -> switching -> not listed
 *
 * While it is `copying` proxies read it at the source, so it must not be pulled from there by one
 * that does not know of it yet, or not any more: between the two every proxy has promised, by its
 * acknowledgement of `switching`, not to touch it. With the step to `migrate` a key may be listed as
 * `copying` at once, as all gates are closed then.
 */
export class LargeKeyList {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #log: Logger;

  constructor(store: Store, changes: Changes, log: Logger) {
    this.#store = store;
    this.#changes = changes;
    this.#log = log;
  }

  load(slotId: number): Promise<LargeKeyRecord[]> {
    return this.#store.loadLargeKeys(slotId);
  }

  /**
   * What makes the lists of these slots so; to be part of a change. Of keys more than a node takes
   * the last ones are left out.
   */
  async writes(lists: ReadonlyMap<number, readonly LargeKeyRecord[]>): Promise<Operation[]> {
    const { coordinator, paths } = this.#store;
    const slotIds = [...lists.keys()];
    const nodes = await coordinator.getAll(slotIds.map((slotId) => paths.largeKeysOf(slotId)));
    const isAnyNew = slotIds.some(
      (slotId, index) => lists.get(slotId)!.length > 0 && !nodes[index],
    );
    if (isAnyNew && !(await coordinator.get(paths.largeKeys))) {
      await coordinator.create(paths.largeKeys, '');
    }
    return slotIds.flatMap((slotId, index): Operation[] => {
      const path = paths.largeKeysOf(slotId);
      const records = withinBounds(lists.get(slotId)!);
      if (records.length === 0) return nodes[index] ? [{ type: 'delete', path }] : [];
      return [{ type: nodes[index] ? 'set' : 'create', path, data: JSON.stringify(records) }];
    });
  }

  /** From now on it is read at the source, and not written to. After `switching` only. */
  copying(listed: ListedKey): Promise<void> {
    return this.#changes.run(async () => {
      const step = await this.#phase(listed, 'copying');
      await this.#applyForGood({ what: `${nameOf(listed)} (copying)`, ...step });
    });
  }

  /**
   * Resolves when every proxy has promised not to touch the key any more.
   *
   * @throws SilentProxyError, UnresolvedFenceError: the list is as it was before
   */
  switching(listed: ListedKey): Promise<void> {
    return this.#changes.run(async () => {
      const before = await this.load(listed.slotId);
      await this.#changes.apply({
        what: `${nameOf(listed)} (switching)`,
        name: 'large-key-switching',
        ...(await this.#phase(listed, 'switching')),
        confirm: 'or undo',
        undo: await this.#undo(new Map([[listed.slotId, before]])),
      });
    });
  }

  /** From now on it is a key like any other: pulled from the source, if that has it. */
  remove(listed: ListedKey): Promise<void> {
    return this.#changes.run(async () => {
      const records = await this.load(listed.slotId);
      const rest = records.filter((record) => !isSame(record, listed));
      if (rest.length === records.length) return;
      const step = await this.#step(new Map([[listed.slotId, rest]]));
      await this.#applyForGood({ what: `${nameOf(listed)} (moved)`, ...step });
    });
  }

  /**
   * For slots that nobody works on for now: their large keys are like all others. If a proxy does not
   * agree they stay listed, and commands that write to them wait.
   */
  clear(slotIds: readonly number[]): Promise<void> {
    return this.#changes.run(async () => {
      const { coordinator, paths } = this.#store;
      const names = new Set(await coordinator.children(paths.largeKeys));
      const before = new Map<number, LargeKeyRecord[]>();
      for (const slotId of slotIds) {
        if (names.has(`slot_${slotId}`)) before.set(slotId, await this.load(slotId));
      }
      if (before.size === 0) return;
      const what = `large keys of ${before.size} slots left alone`;
      try {
        await this.#changes.apply({
          what,
          ...(await this.#step(mapLists(before, (record) => ({ ...record, phase: 'switching' })))),
          confirm: 'or undo',
          undo: await this.#undo(before),
        });
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        this.#log.warn({ reason: messageOf(error) }, 'large keys are still held back');
        return;
      }
      await this.#applyForGood({ what, ...(await this.#step(mapLists(before, () => null))) });
    });
  }

  async #phase(listed: ListedKey, phase: LargeKeyRecord['phase']): Promise<Step> {
    const records = await this.load(listed.slotId);
    const others = records.filter((record) => !isSame(record, listed));
    return this.#step(new Map([[listed.slotId, [recordOf(listed, phase), ...others]]]));
  }

  /** Proxies read the list with the record of a slot that is in `migrate`. */
  async #step(lists: ReadonlyMap<number, readonly LargeKeyRecord[]>): Promise<Step> {
    const slots = await this.#store.loadSlotsOf([...lists.keys()]);
    const moving = slots.filter((slot: SlotRecord) => slot.state.status === 'migrate');
    return {
      writes: await this.writes(lists),
      announcements: moving.map((target) => ({ type: 'slot_migrate', target })),
    };
  }

  /** As it was; where there was no list there is an empty one, which says the same. */
  async #undo(before: ReadonlyMap<number, readonly LargeKeyRecord[]>): Promise<Step> {
    const { announcements } = await this.#step(before);
    const { paths } = this.#store;
    const writes = [...before].map(([slotId, records]): Operation => {
      return { type: 'set', path: paths.largeKeysOf(slotId), data: JSON.stringify(records) };
    });
    return { writes, announcements };
  }

  /** A silent proxy, which has promised not to touch the key, does not: no harm done. */
  async #applyForGood(step: Step & { what: string }): Promise<void> {
    try {
      await this.#changes.apply({ ...step, confirm: 'stands', name: 'large-key' });
    } catch (error) {
      if (!(error instanceof SilentProxyError)) throw error;
      this.#log.warn({ reason: messageOf(error) }, 'going on: the silent proxy holds a large key');
    }
  }
}

export function recordOf(
  { database, key }: Omit<ListedKey, 'slotId'>,
  phase: LargeKeyRecord['phase'],
): LargeKeyRecord {
  return { db: database, key: key.toString('base64'), phase };
}

export function isSame(record: LargeKeyRecord, listed: Omit<ListedKey, 'slotId'>): boolean {
  return record.db === listed.database && record.key === listed.key.toString('base64');
}

function withinBounds(records: readonly LargeKeyRecord[]): LargeKeyRecord[] {
  let left = MAX_LIST_BYTES;
  return records.filter(({ key }) => {
    const bytes = key.length + RECORD_BYTES;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

function mapLists(
  lists: ReadonlyMap<number, readonly LargeKeyRecord[]>,
  map: (record: LargeKeyRecord) => LargeKeyRecord | null,
): Map<number, LargeKeyRecord[]> {
  return new Map([...lists].map(([id, records]) => [id, records.flatMap((one) => map(one) ?? [])]));
}

function nameOf({ slotId }: ListedKey): string {
  return `large key of slot ${slotId}`;
}
