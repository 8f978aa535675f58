import { messageOf } from '../../base/errors.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { MigrationQueue } from '../migration/queue.js';
import type { Subject } from './change-words.js';

/** A move of all slots to and fro has more; the rest is cut. */
const MAX_RANGES = 40;

/**
 * How something is now, in lines of text. Never throws: what cannot be read is not known, and no
 * reason to refuse a change.
 */
export async function textOf(store: Store, subject: Subject): Promise<string> {
  if (store.coordinator.state !== 'connected') return 'not known: the coordinator is away';
  try {
    return await read(store, subject);
  } catch (error) {
    return `not known: ${messageOf(error)}`;
  }
}

async function read(store: Store, subject: Subject): Promise<string> {
  switch (subject.kind) {
    case 'group': {
      const group = await store.loadGroup(subject.id);
      if (!group) return `no group ${subject.id}`;
      const servers = (group.servers ?? []).map(({ addr, type }) => `${type} ${addr}`);
      return [`group ${group.id}`, ...(servers.length > 0 ? servers : ['no servers'])].join('\n');
    }
    case 'slots': {
      const from = Math.max(0, subject.from);
      const to = Math.min(SLOT_COUNT - 1, subject.to);
      if (!(from <= to)) return 'no such slots';
      return slotLines(await store.loadSlots(from, to));
    }
    case 'proxy': {
      const isName = subject.id !== '' && !subject.id.includes('/');
      const proxy = isName ? await store.loadProxy(subject.id) : null;
      return proxy ? `proxy ${proxy.id} ${proxy.addr} ${proxy.state}` : `no proxy ${subject.id}`;
    }
    case 'job': {
      const { jobs, tasks } = await new MigrationQueue(store).load();
      const job = jobs.find(({ id }) => id === subject.id);
      if (!job) return `no move ${subject.id}`;
      const left = tasks.filter((task) => task.job === job.id).length;
      return `move ${job.id} ${job.what}: ${job.state}, ${left} of ${job.slots} slots left`;
    }
    case 'fences': {
      const fences = await store.loadFences();
      return fences.length > 0 ? fences.map((addr) => `fence ${addr}`).join('\n') : 'no fences';
    }
    case 'nothing':
      return '';
  }
}

function slotLines(slots: readonly SlotRecord[]): string {
  if (slots.length === 0) return 'not initialised';
  const runs: { first: number; last: number; words: string }[] = [];
  for (const { id, group_id, state } of slots) {
    const owner = group_id > 0 ? `group ${group_id}` : 'no group';
    const words = `${owner} ${state.status}`;
    const last = runs.at(-1);
    if (last && last.words === words && last.last === id - 1) last.last = id;
    else runs.push({ first: id, last: id, words });
  }
  const lines = runs.map(({ first, last, words }) =>
    first === last ? `slot ${first}: ${words}` : `slots ${first}-${last}: ${words}`,
  );
  const more = lines.length - MAX_RANGES;
  return more > 0 ? [...lines.slice(0, MAX_RANGES), `… ${more} more`].join('\n') : lines.join('\n');
}
