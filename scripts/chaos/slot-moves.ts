import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/errors.js';
import type { SlotRecord, SlotStatus } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { DashboardClient } from '../../dashboard/api/client.js';

const LOOK_MS = 20;

/** Slots `from` to `to` inclusive, of one group or of several, to a group. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly group: number;
  /** Milliseconds to wait between keys: makes a move last. */
  readonly delay: number;
  /** Keys of a fraction of a megabyte are copied in pieces. */
  readonly chunks: boolean;
}

/** Moves slots through the dashboard, and looks at the records to see how far they are. */
export class SlotMoves {
  readonly #client: DashboardClient;
  readonly #store: Store;
  /** Slots that have arrived. */
  moved = 0;
  /** Why the dashboard did not take a move, the last time; empty if it did. */
  lastRefusal = '';

  constructor(client: DashboardClient, store: Store) {
    this.#client = client;
    this.#store = store;
  }

  /** Asks for a move and waits until it is done. @throws if it is refused, or late */
  async move(move: Move, timeoutMs: number): Promise<void> {
    const away = await this.#away(move);
    await this.#ask(move);
    const deadline = Date.now() + timeoutMs;
    while ((await this.#away(move)) > 0) {
      if (Date.now() > deadline) throw new Error(`${textOf(move)} took over ${timeoutMs} ms`);
      await sleep(LOOK_MS);
    }
    this.moved += away;
  }

  /** All slots of the group go to the others. @throws if that is refused, or late */
  async drain(group: number, timeoutMs: number): Promise<void> {
    const { what, moves, options } = await this.#client.planMoves({ kind: 'drain', group });
    await this.#client.startMoves({ what, moves, options });
    const deadline = Date.now() + timeoutMs;
    const before = await this.#slotsOf(group);
    while ((await this.#slotsOf(group)) > 0 || !(await this.#isIdle())) {
      if (Date.now() > deadline) throw new Error(`${what} took over ${timeoutMs} ms`);
      await sleep(LOOK_MS);
    }
    this.moved += before;
  }

  /**
   * Asks for a move until the dashboard has taken it, then waits until its slots have arrived. A
   * job that has stopped with an error is resumed, as an operator would do.
   *
   * @param timeoutMs for a slot to arrive or a key to move, after the one before: how long all of them
   * take is up to the machine
   * @param isRepaired whether the operator may expect that it works now
   * @returns why the job had stopped, each time
   * @throws after the time
   */
  async insist(
    move: Move,
    timeoutMs: number,
    isRepaired: () => boolean = () => true,
  ): Promise<readonly string[]> {
    const stops: string[] = [];
    let deadline = Date.now() + timeoutMs;
    let left = Number.POSITIVE_INFINITY;
    let before = 0;
    let keysMoved = 0;
    for (;;) {
      try {
        const away = await this.#away(move);
        if (away < left) deadline = Date.now() + timeoutMs;
        left = away;
        before ||= left;
        if (left === 0) break;
        if (await this.#isIdle()) {
          await this.#ask(move);
        } else if (isRepaired()) {
          stops.push(...(await this.#resumeStopped()));
        }
        this.lastRefusal = '';
      } catch (error) {
        this.lastRefusal = messageOf(error);
      }
      if (Date.now() > deadline) {
        const movedBefore = keysMoved;
        keysMoved = await this.#keysMoved().catch(() => movedBefore);
        if (keysMoved > movedBefore) {
          deadline = Date.now() + timeoutMs;
          continue;
        }
        const reason = this.lastRefusal === '' ? '' : `: ${this.lastRefusal}`;
        throw new Error(`${textOf(move)} is not done ${timeoutMs} ms later, ${left} left${reason}`);
      }
      await sleep(LOOK_MS);
    }
    this.moved += before;
    return stops;
  }

  /** Resolves when a slot of the move has got as far as the status, or farther. */
  async reached(move: Move, status: SlotStatus): Promise<void> {
    const order: SlotStatus[] = ['pre_migrate', 'migrate', 'online'];
    const isThere = ({ state, group_id }: SlotRecord) =>
      state.status === 'online'
        ? group_id === move.group
        : order.indexOf(state.status) >= order.indexOf(status);
    const away = await this.#slotsAway(move);
    const first = away[0]?.id ?? move.from;
    const last = away.at(-1)?.id ?? move.from;
    for (;;) {
      for (const id of [first, last]) {
        const slot = await this.#store.loadSlot(id);
        if (slot && isThere(slot)) return;
      }
      await sleep(1);
    }
  }

  async #ask({ from, to, group, delay, chunks }: Move): Promise<void> {
    if (!chunks) return this.#client.migrate({ from, to, new_group: group, delay });
    const options = { delay, max_stall: 1, large_keys: 'chunk' as const };
    const move = { kind: 'move' as const, from, to, new_group: group };
    const { what, moves } = await this.#client.planMoves({ ...move, options });
    await this.#client.startMoves({ what, moves, options });
  }

  async #resumeStopped(): Promise<readonly string[]> {
    const jobs = await this.#client.listJobs();
    const stopped = jobs.filter(({ state }) => state === 'failed');
    for (const { id } of stopped) await this.#client.controlJob(id, { action: 'resume' });
    return stopped.map(({ message }) => message);
  }

  async #keysMoved(): Promise<number> {
    const jobs = await this.#client.listJobs();
    return jobs.reduce((sum, { keys_moved }) => sum + keys_moved, 0);
  }

  async #slotsOf(group: number): Promise<number> {
    const slots = await this.#store.loadSlots();
    return slots.filter(({ group_id }) => group_id === group).length;
  }

  async #isIdle(): Promise<boolean> {
    const { coordinator, paths } = this.#store;
    return (await coordinator.children(paths.migrateTasks)).length === 0;
  }

  async #away(move: Move): Promise<number> {
    return (await this.#slotsAway(move)).length;
  }

  async #slotsAway({ from, to, group }: Move): Promise<readonly SlotRecord[]> {
    const slots = await this.#store.loadSlots(from, to);
    return slots.filter((slot) => slot.state.status !== 'online' || slot.group_id !== group);
  }
}

export function textOf({ from, to, group, delay, chunks }: Move): string {
  const how = [...(delay === 0 ? [] : [`delay ${delay} ms`]), ...(chunks ? ['in pieces'] : [])];
  return `slots ${from}-${to} to group ${group}${how.length > 0 ? ` (${how.join(', ')})` : ''}`;
}
