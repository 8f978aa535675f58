import type { TopologyChange } from './topology-change.js';

/** Moves that ended this many actions ago are forgotten; a scan that is older begins anew. */
const KEPT_ACTIONS = 16_384;

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

/**
 * Which slots have changed hands, in the order that all proxies share: the numbers of the actions
 * that announced it. What walks over all keys in many steps (SCAN) asks it what it may have missed.
 */
export class MoveHistory {
  /** By slot, in the order in which they began. */
  readonly #passages = new Map<number, Passage[]>();
  /** The action that gave the group another master. */
  readonly #masterChanges = new Map<number, number>();
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
      this.#masterChanges.clear();
      this.#knownSince = seq;
    }
    for (const { groupId, master } of change.groups) {
      const isOther = this.#masters.get(groupId) !== master;
      if (isOther && this.#masters.has(groupId)) this.#masterChanges.set(groupId, seq);
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
   * @returns null if that is not known here any more, or a group has another master since, whose
   * cursors are not those of the former.
   */
  since(seq: number): readonly SlotPassage[] | null {
    if (seq < this.#knownSince) return null;
    for (const changed of this.#masterChanges.values()) if (changed > seq) return null;
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

  #forget(before: number): void {
    if (before <= this.#knownSince) return;
    for (const [slotId, passages] of this.#passages) {
      const kept = passages.filter(({ end }) => end === null || end > before);
      if (kept.length === 0) this.#passages.delete(slotId);
      else if (kept.length < passages.length) this.#passages.set(slotId, kept);
    }
    for (const [groupId, seq] of this.#masterChanges) {
      if (seq <= before) this.#masterChanges.delete(groupId);
    }
    this.#knownSince = before;
  }
}
