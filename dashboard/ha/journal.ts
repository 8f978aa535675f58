import { z } from 'zod';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Store } from '../../cluster/store.js';
import { AuditLog } from '../audit/audit-log.js';
import { textOf } from '../audit/subject-text.js';

/** How many entries are kept: some years of failovers, and small enough to be read at once. */
const MAX_ENTRIES = 200;
/** Older ones are looked for once in so many entries. */
const TIDY_EVERY = 10;

export const HA_EVENTS = [
  'failover',
  'refused',
  'would_fail_over',
  'returned',
  'rejoined',
  'completed',
  'address_seen',
  'address_changed',
] as const;

/** `P/ha/journal/<%010d>`: what was decided, and on what evidence. */
export const journalEntry = z.object({
  /** Unix milliseconds. */
  at: z.number(),
  group_id: z.number().int(),
  /**
   * - `failover`: a replica became the master
   * - `refused`: the master was down, and nothing could or should be done
   * - `would_fail_over`: the same with `ha=observe`
   * - `returned`: a former master came back and was made a replica
   * - `rejoined`: it has caught up, and is on record as slave
   * - `completed`: a promotion that was cut off has been carried through
   * - `address_seen`: a replica is found at another address than that on record
   * - `address_changed`: and is on record there now
   */
  event: z.enum(HA_EVENTS),
  /** One line for people. */
  words: z.string(),
  /** Everything that the decision was made by, as JSON. */
  evidence: z.record(z.string(), z.unknown()),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** Who made a change, in the audit log, where nobody asked for it. */
const WHO = 'failover';
/** What was decided against, or is only what would be done. */
const NOT_DONE: readonly string[] = [
  'refused',
  'would_fail_over',
  'address_seen',
] satisfies JournalEntry['event'][];

/**
 * Decisions about failover, in the coordinator: the next dashboard knows of them, too. They are in the
 * audit log as well, among the changes that people have made.
 */
export class Journal {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #audit: AuditLog;
  #untidied = TIDY_EVERY;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
    this.#audit = new AuditLog(store, log);
  }

  /** Appends an entry. Does not throw: what was done has been done, and is in the log as well. */
  async note(entry: Omit<JournalEntry, 'at'>): Promise<void> {
    const { coordinator, paths } = this.#store;
    const full: JournalEntry = { at: Date.now(), ...entry };
    this.#log.warn({ group: entry.group_id, ...entry.evidence }, `${entry.event}: ${entry.words}`);
    try {
      await coordinator.create(`${paths.haJournal}/`, JSON.stringify(full), { sequential: true });
      if (++this.#untidied >= TIDY_EVERY) await this.#tidy();
    } catch (error) {
      this.#log.error({ reason: messageOf(error) }, 'the journal of failovers was not written');
    }
    await this.#addToAudit(full);
  }

  async #addToAudit(entry: JournalEntry): Promise<void> {
    const group = await textOf(this.#store, { kind: 'group', id: entry.group_id });
    await this.#audit.add({
      at: entry.at,
      who: WHO,
      role: null,
      from: '',
      what: `group ${entry.group_id}: ${entry.words}`,
      outcome: NOT_DONE.includes(entry.event) ? 'refused' : 'done',
      error: '',
      before: '',
      after: `${group}\nevidence: ${JSON.stringify(entry.evidence, null, 1)}`,
    });
  }

  /** Newest first. */
  async load(): Promise<JournalEntry[]> {
    const { coordinator, paths } = this.#store;
    const names = (await coordinator.children(paths.haJournal)).sort().reverse();
    const nodes = await coordinator.getAll(names.map((name) => `${paths.haJournal}/${name}`));
    return nodes.flatMap((node) => {
      const entry = node && journalEntry.safeParse(jsonOf(node.data));
      return entry?.success ? [entry.data] : [];
    });
  }

  async #tidy(): Promise<void> {
    this.#untidied = 0;
    const { coordinator, paths } = this.#store;
    const names = (await coordinator.children(paths.haJournal)).sort();
    for (const name of names.slice(0, Math.max(0, names.length - MAX_ENTRIES))) {
      await this.#store.deleteIfPresent(`${paths.haJournal}/${name}`);
    }
  }
}

/** Null for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
