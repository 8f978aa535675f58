import { z } from 'zod';
import type { Operation } from '../../cluster/coordinator/coordinator.js';
import type { Store } from '../../cluster/store.js';

/** `P/ha/former/<addr>`: a master that was replaced and is not a replica on record yet. */
export const formerMaster = z.object({
  addr: z.string().min(1),
  group_id: z.number().int(),
  /** Unix milliseconds. */
  since: z.number(),
  why: z.enum(['failover', 'promotion']),
  /** Its replication stream as it was last known: id, and how far it had come; empty, 0: unknown. */
  replid: z.string(),
  offset: z.number(),
});
export type FormerMaster = z.infer<typeof formerMaster>;

/** The record's making or overwriting, to be made part of a `multi`. */
export async function formerMasterWrite(store: Store, former: FormerMaster): Promise<Operation> {
  const { coordinator, paths } = store;
  const path = paths.formerMaster(former.addr);
  const data = JSON.stringify(former);
  if (await coordinator.get(path)) return { type: 'set', path, data };
  if (!(await coordinator.get(paths.formerMasters))) await makeParent(store);
  return { type: 'create', path, data };
}

export async function loadFormerMasters(store: Store): Promise<FormerMaster[]> {
  const { coordinator, paths } = store;
  const addrs = await coordinator.children(paths.formerMasters);
  const nodes = await coordinator.getAll(addrs.map((addr) => paths.formerMaster(addr)));
  return nodes.flatMap((node) => {
    if (!node) return [];
    try {
      return [formerMaster.parse(JSON.parse(node.data))];
    } catch {
      // Not ours: of use to nobody, in nobody's way.
      return [];
    }
  });
}

/** A `multi` does not make parents; a plain creation does. */
async function makeParent(store: Store): Promise<void> {
  const child = `${store.paths.formerMasters}/parent`;
  await store.coordinator.create(child, '');
  await store.deleteIfPresent(child);
}
