import type { TopologyChange } from './topology-change.js';

/** What ended this many actions ago is forgotten; a scan that is older begins anew. */
const KEPT_ACTIONS = 8_192;

/** A slot was on its way from one group to another, or still is. */
export interface SlotPassage {
  readonly slotId: number;
  readonly from: number;
  /** Null: the slot is held, and it is not known yet where it will go. */
  readonly to: number | null;
}

interface Passage extends SlotPassage {
  readonly begin: number;
  /** Null: still under way. */
  end: number | null;
}

/** A group's master, up to an action. */
interface FormerMaster {
  readonly addr: string;
  readonly end: number;
}

/**
 * Which slots and groups have changed hands, in the order that all proxies share: the numbers of the actions
 * that announced it. What walks over all keys in many steps (SCAN) asks it what it may have missed.
 */
export class MoveHistory {
  /** By slot, in the order in which they began. */
  readonly #passages = new Map<number, Passage[]>();
  /** By group, in their order. */
  readonly #formerMasters = new Map<number, FormerMaster[]>();
  readonly #masters = new Map<number, string | null>();
  /** What happened up to this action is not known. */
  #knownSince = 0;
  #current = 0;

  /** The last action that is in effect here. */
  get current(): number {
    return this.#current;
  }

  /** To be called with every change of the table. */
  note(change: TopologyChange): void {
    const seq = Math.max(this.#current, change.seq ?? this.#current);
    this.#current = seq;
    if (change.isWhole === true) {
      // Actions in between may have been missed.
      this.#passages.clear();
      this.#formerMasters.clear();
      this.#knownSince = seq;
    }
    for (const { groupId, master } of change.groups) {
      const former = this.#masters.get(groupId) ?? null;
      if (former !== null && former !== master) {
        // Where a promotion is read from the records, its action comes later.
        const end = change.seq === undefined ? seq + 1 : seq;
        const others = this.#formerMasters.get(groupId) ?? [];
        this.#formerMasters.set(groupId, [...others, { addr: former, end }]);
      }
      this.#masters.set(groupId, master);
    }
    for (const slot of change.slots) {
      const passages = this.#passages.get(slot.slotId) ?? [];
      const last = passages.at(-1);
      const isOpen = last !== undefined && last.end === null;
      if (slot.status === 'pre_migrate' || slot.status === 'migrate') {
        const isMoving = slot.status === 'migrate';
        const from = isMoving ? slot.migrateFrom : slot.groupId;
        const to = isMoving ? slot.groupId : null;
        if (isOpen && last.from === from && (last.to === null || last.to === to)) {
          passages[passages.length - 1] = { ...last, to };
        } else {
          if (isOpen) last.end = seq;
          passages.push({ slotId: slot.slotId, from, to, begin: seq, end: null });
        }
        this.#passages.set(slot.slotId, passages);
      } else if (isOpen && last.to === null) {
        // Taken back before any key could move.
        passages.pop();
      } else if (last !== undefined) {
        // A record may be read before the action that announces it, whose number is the right one.
        last.end = seq;
      }
    }
    this.#forget(seq - KEPT_ACTIONS);
  }

  /**
   * The passages that were under way at any time since the action, by slot.
   *
   * @returns null if that is not known here any more
   */
  since(seq: number): readonly SlotPassage[] | null {
    if (seq < this.#knownSince) return null;
    // Others are ahead of us: what ended here may have ended for them after that action.
    const isBehind = seq > this.#current;
    const found: SlotPassage[] = [];
    for (const passages of this.#passages.values()) {
      for (const passage of passages) {
        if (passage.end === null || passage.end > seq || isBehind) found.push(passage);
      }
    }
    return found;
  }

  /** The masters that the group has had since the action, without its present one. */
  formerMasters(groupId: number, seq: number): readonly string[] {
    const formers = this.#formerMasters.get(groupId) ?? [];
    return formers.filter(({ end }) => end > seq).map(({ addr }) => addr);
  }

  #forget(before: number): void {
    if (before <= this.#knownSince) return;
    for (const [slotId, passages] of this.#passages) {
      const kept = passages.filter(({ end }) => end === null || end > before);
      if (kept.length === 0) this.#passages.delete(slotId);
      else if (kept.length < passages.length) this.#passages.set(slotId, kept);
    }
    for (const [groupId, formers] of this.#formerMasters) {
      const kept = formers.filter(({ end }) => end > before);
      if (kept.length === 0) this.#formerMasters.delete(groupId);
      else if (kept.length < formers.length) this.#formerMasters.set(groupId, kept);
    }
    this.#knownSince = before;
  }
}
