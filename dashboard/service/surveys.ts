import type { Store } from '../../cluster/store.js';
import type { SlotDetailReply, SurveyReply } from '../api/web-contract.js';
import { UnavailableError } from '../errors.js';
import { keyName } from '../migration/large-keys.js';
import { masterAddr } from '../migration/masters.js';
import { MigrationQueue } from '../migration/queue.js';
import { ServerConnection } from '../migration/server-connection.js';
import { predictedStallMs } from '../migration/stall.js';
import { LARGE_KEY_BYTES, type Survey, surveySlots } from '../migration/survey.js';
import { existingGroup } from './groups.js';
import { assertSlotId } from './slots.js';

/** Somebody waits, and the server has other things to do: the rest is extrapolated. */
const SURVEY_MS = 3_000;
const WHOLE_SURVEY = {
  isWanted: () => true,
  largeBytes: LARGE_KEY_BYTES,
  withinMs: SURVEY_MS,
  through: 'all keys',
} as const;
/** Reading through all keys again and again would be a load of its own. */
const MIN_AGE_MS = 10_000;
/** Servers that are read through at once. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 32;

/** How the keys of a group are spread over its slots, and which are the largest; kept for a while. */
export class Surveys {
  readonly #store: Store;
  readonly #password: string;
  readonly #known = new Map<number, SurveyReply>();
  readonly #running = new Map<number, Promise<SurveyReply>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(store: Store, password: string) {
    this.#store = store;
    this.#password = password;
  }

  /**
   * @throws NotFoundError, ConflictError without master, RedisUnreachableError; UnavailableError if
   * too many are asked for at once
   */
  async of(groupId: number, maxAgeMs: number): Promise<SurveyReply> {
    await existingGroup(this.#store, groupId);
    const known = this.#known.get(groupId);
    if (known && Date.now() - known.at <= Math.max(MIN_AGE_MS, maxAgeMs)) return known;
    let running = this.#running.get(groupId);
    if (!running) {
      running = this.#inTurn(() => this.#survey(groupId)).finally(() =>
        this.#running.delete(groupId),
      );
      this.#running.set(groupId, running);
    }
    return running;
  }

  /** @throws InvalidInputError, NotFoundError */
  async slot(slotId: number): Promise<SlotDetailReply | null> {
    assertSlotId(slotId);
    const slot = await this.#store.loadSlot(slotId);
    if (!slot) return null;
    const { tasks } = await new MigrationQueue(this.#store).load();
    const task = tasks.find((each) => each.slot_id === slotId);
    const { status, migrate_status } = slot.state;
    const survey = this.#known.get(slot.group_id);
    const row = survey?.slots.find(([id]) => id === slotId);
    return {
      slot: slotId,
      group: slot.group_id,
      status,
      other: status === 'migrate' ? migrate_status.from : (task?.new_group ?? -1),
      keys: survey ? (row?.[1] ?? 0) : null,
      bytes: survey ? (row?.[2] ?? 0) : null,
      is_exact: survey?.is_exact ?? false,
      surveyed_at: survey?.at ?? null,
      job: task?.job ?? null,
      error: task?.error ?? '',
    };
  }

  async #survey(groupId: number): Promise<SurveyReply> {
    const addr = await masterAddr(this.#store, groupId);
    const server = await ServerConnection.open(addr, this.#password);
    try {
      const survey = await surveySlots(server, WHOLE_SURVEY);
      const reply = replyOf(groupId, addr, survey);
      this.#known.set(groupId, reply);
      return reply;
    } finally {
      server.close();
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= MAX_AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new UnavailableError('too many groups are being looked through', {
          hint: 'try again in a moment',
        });
      }
      // Whoever has done hands its place over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#active++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active--;
    }
  }
}

function replyOf(group: number, server: string, survey: Survey): SurveyReply {
  const slots = [...survey.keysBySlot].sort(([one], [other]) => one - other);
  return {
    ...{ group, server, at: Date.now(), is_exact: survey.isComplete },
    keys: survey.keys,
    bytes: survey.bytes,
    slots: slots.map(([slotId, keys]) => [slotId, keys, survey.bytesBySlot.get(slotId) ?? 0]),
    largest: survey.largest.map(({ slotId, database, key, bytes }) => ({
      ...{ slot_id: slotId, group_id: group, database, key: keyName(key), bytes },
      stall_ms: predictedStallMs(bytes),
    })),
  };
}
