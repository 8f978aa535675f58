import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Store } from '../../cluster/store.js';
import { type AuditEntry, type AuditReply, auditEntry } from '../api/web-contract.js';

/** What is kept: months of an ordinary cluster's changes, a megabyte or two of the coordinator. */
const KEPT = 1_000;
/** Old ones are looked for after so many new ones. */
const TRIM_EVERY = 20;
/** Of what something was before, and after. */
const MAX_TEXT = 2_000;

const record = auditEntry.omit({ id: true });

/** The last changes and who made them, in the coordinator: every dashboard adds to it, and shows it. */
export class AuditLog {
  readonly #store: Store;
  readonly #log: Logger;
  #untilTrim = 1;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Never throws: the change is made, whether it can be written down or not. */
  async add(entry: Omit<AuditEntry, 'id'>): Promise<void> {
    const { coordinator, paths } = this.#store;
    const { who, role, from, what, outcome, error } = entry;
    this.#log.info({ who, role, from, what, outcome, reason: error || undefined }, 'audit');
    // Nothing was changed, then; and whoever asked should not have to wait for that.
    if (coordinator.state !== 'connected') return;
    const kept = {
      ...entry,
      before: cut(entry.before),
      after: cut(entry.after),
      error: cut(error),
    };
    try {
      await coordinator.create(`${paths.audit}/`, JSON.stringify(kept), {
        sequential: true,
      });
      if (--this.#untilTrim <= 0) await this.#trim();
    } catch (cause) {
      this.#log.error({ reason: messageOf(cause), what }, 'a change is not in the audit log');
    }
  }

  /** Newest first. @param before an entry's id: only older ones */
  async list(limit: number, before: string | null): Promise<AuditReply> {
    const { coordinator, paths } = this.#store;
    const names = (await coordinator.children(paths.audit))
      .filter((name) => before === null || name < before)
      .sort()
      .reverse();
    const wanted = names.slice(0, limit);
    const nodes = await coordinator.getAll(wanted.map((name) => `${paths.audit}/${name}`));
    const entries = nodes.flatMap((node, index): AuditEntry[] => {
      const parsed = node && readRecord(node.data);
      return parsed ? [{ id: wanted[index]!, ...parsed }] : [];
    });
    return { entries, has_more: names.length > wanted.length };
  }

  async #trim(): Promise<void> {
    this.#untilTrim = TRIM_EVERY;
    const { coordinator, paths } = this.#store;
    const names = (await coordinator.children(paths.audit)).sort();
    for (const name of names.slice(0, Math.max(0, names.length - KEPT))) {
      await this.#store.deleteIfPresent(`${paths.audit}/${name}`);
    }
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** Null for what a later version may have written. */
function readRecord(data: string): Omit<AuditEntry, 'id'> | null {
  try {
    return record.parse(JSON.parse(data));
  } catch {
    return null;
  }
}
