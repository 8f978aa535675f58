import { moveOptions } from '../../cluster/model/migrate-job.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { PlanReply } from '../api/contract.js';
import type { ChangeBody, ChangeRequest } from '../api/web-contract.js';
import { ConflictError } from '../errors.js';
import type { Migration } from '../migration/migration.js';
import type { Slots } from '../service/slots.js';
import type { Draft } from './plan.js';

type Of<Change extends ChangeBody['change']> = Extract<ChangeBody, { change: Change }>;
type Options = Of<'move-slots'>['options'];

const CONFIRMED = 'the proxies are told, and every one has to acknowledge; else it is taken back';
/** An acknowledgement takes milliseconds; this is what a person should count on. */
const CHANGE_SECONDS = 1;

/** Plans for slots and moves. @throws what carrying it out would, as far as it can be seen */
export class SlotPlans {
  readonly #store: Store;
  readonly #slots: Slots;
  readonly #migration: Migration;

  constructor(store: Store, slots: Slots, migration: Migration) {
    this.#store = store;
    this.#slots = slots;
    this.#migration = migration;
  }

  async init({ force }: Of<'init-slots'>): Promise<Draft> {
    const present = await this.#slots.list();
    if (present.length > 0 && !force) {
      throw new ConflictError(`there are ${present.length} slots already`, {
        hint: 'to take all slots from their groups: codis-config slot init -f',
      });
    }
    const owned = present.filter((slot) => slot.group_id > 0);
    const { product } = this.#store.paths;
    return {
      summary: force && present.length > 0 ? 'set all slots back' : 'initialise the slots',
      steps: ['all 1024 slots are offline, and in no group', CONFIRMED],
      warnings:
        owned.length > 0
          ? [
              `${owned.length} slots are taken from their groups: every command on their keys is refused`,
              'the keys stay where they are, and are found again when each slot is back in its group',
            ]
          : [],
      undo: owned.length > 0 ? 'give each range of slots back to its group' : '',
      ...{ slots: 1024, seconds: CHANGE_SECONDS, route: 'initSlots' },
      ...(force && { query: { is_force: 1 } }),
      ...(owned.length > 0 && { confirmName: product }),
    };
  }

  async set(change: Of<'set-slots'>): Promise<Draft> {
    const { from, to, group, status, force } = change;
    await this.#slots.check(from, to, group, status, force ? 'accept' : 'refuse');
    const former = await this.#store.loadSlots(from, to);
    const owned = former.filter((slot) => slot.group_id > 0 && slot.group_id !== group);
    const served = former.filter((slot) => slot.state.status === 'online');
    const isAsBefore = former.every((s) => s.group_id === group && s.state.status === status);
    const warnings: string[] = [];
    if (force && owned.length > 0) {
      warnings.push('keys that the slots have in their former groups are not found any more');
    }
    if (status === 'offline' && served.length > 0) {
      warnings.push(`commands on keys of ${served.length} slots that are served now are refused`);
    }
    const undoChange = oneBefore(change, former);
    const range = from === to ? `slot ${from}` : `slots ${from}-${to}`;
    const owner = group > 0 ? `group ${group}` : 'no group';
    return {
      summary: `set ${range} to ${owner}, ${status}`,
      steps: [`${range}: ${owner}, ${status}; no key is moved`, CONFIRMED],
      warnings,
      undo: undoChange ? 'set them as they were' : 'set each range as it was',
      ...(undoChange && { undoChange }),
      ...{ slots: former.length, seconds: CHANGE_SECONDS, route: 'setSlots' },
      body: { from, to, new_group: group, status, ...(force && { force }) },
      isNothing: isAsBefore,
      ...(warnings.length > 0 && { confirmName: range }),
    };
  }

  async move({ from, to, group, options }: Of<'move-slots'>): Promise<Draft> {
    const plan = await this.#migration.plan({
      ...{ kind: 'move', from, to, new_group: group },
      options: moveOptions.parse(options ?? {}),
    });
    const [source, ...others] = new Set(plan.moves.map((move) => move.from_group));
    const undoChange =
      source !== undefined && others.length === 0 && plan.slots === to - from + 1
        ? ({ change: 'move-slots', from, to, group: source, ...withOptions(options) } as const)
        : undefined;
    return moveDraft(plan, undoChange);
  }

  async rebalance({ by, options }: Of<'rebalance'>): Promise<Draft> {
    const parsed = moveOptions.parse(options ?? {});
    return moveDraft(await this.#migration.plan({ kind: 'rebalance', by, options: parsed }));
  }

  async drain({ group, options }: Of<'drain-group'>): Promise<Draft> {
    const parsed = moveOptions.parse(options ?? {});
    return moveDraft(await this.#migration.plan({ kind: 'drain', group, options: parsed }));
  }

  async controlJob({ job: id, action, direction }: Of<'control-job'>): Promise<Draft> {
    const job = await this.#migration.job(id);
    if (job.state === 'done' || job.state === 'cancelled') {
      throw new ConflictError(`${job.what}: has ended (${job.state})`);
    }
    const moving = (await this.#migration.status()).migrate_slots.length > 0;
    const common = {
      route: 'controlJob',
      params: { job: id },
      body: { action, ...(direction && { direction }) },
      slots: job.slots_left,
    } as const;
    const summary = `${action} the move: ${job.what}`;
    if (action === 'pause') {
      return {
        ...{ ...common, summary, seconds: CHANGE_SECONDS },
        steps: [
          'no more keys are moved, but those that commands ask for',
          'slots that are half moved stay so, and are served',
        ],
        undo: 'resume it',
        undoChange: { change: 'control-job', job: id, action: 'resume' },
      };
    }
    if (action === 'resume') {
      return {
        ...{ ...common, summary, seconds: job.seconds_left },
        steps: [`${job.slots_left} slots are moved on`, 'what has failed is tried again'],
        undo: 'pause it, or cancel it',
        undoChange: { change: 'control-job', job: id, action: 'pause' },
      };
    }
    const goes =
      direction === 'forward'
        ? 'slots that are half moved are moved on to where they were going'
        : 'slots that are half moved go back to where they were';
    return {
      ...{ ...common, summary, seconds: moving ? null : CHANGE_SECONDS },
      steps: ['slots that have not begun stay where they are', ...(moving ? [goes] : [])],
      warnings:
        moving && direction === undefined
          ? ['if slots are half moved, say where they are to go: back or forward']
          : [],
      undo: 'move the slots again',
    };
  }
}

function withOptions(options: Options): { options?: Options } {
  return options === undefined ? {} : { options };
}

/** What sets them all as they were, if that is one change. */
function oneBefore(
  { from, to }: Of<'set-slots'>,
  former: readonly SlotRecord[],
): ChangeRequest | undefined {
  const [first] = former;
  const status = first?.state.status;
  if (!first || (status !== 'online' && status !== 'offline')) return undefined;
  const isAlike = former.every(
    (slot) => slot.group_id === first.group_id && slot.state.status === status,
  );
  if (!isAlike) return undefined;
  return { change: 'set-slots', from, to, group: first.group_id, status };
}

function moveDraft(plan: PlanReply, undoChange?: ChangeRequest): Draft {
  const count = (move: PlanReply['moves'][number]) =>
    move.slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const { options } = plan;
  const stalls = plan.large_keys.length;
  const warnings = [...plan.notes];
  if (stalls > 0 && options.large_keys === 'chunk') {
    warnings.push(`large keys (${stalls}) are copied in pieces: commands that write to one wait`);
  }
  if (stalls > 0 && options.large_keys === 'block') {
    warnings.push(`large keys (${stalls}): each stops both servers for as long as the list says`);
  }
  if (stalls > 0 && options.large_keys === 'hold') {
    warnings.push(`slots with large keys (${stalls}) stay where they are`);
  }
  return {
    summary: plan.slots === 0 ? `${plan.what}: nothing to move` : plan.what,
    steps: [
      ...plan.moves.map((move) => {
        const slots = count(move);
        const noun = slots === 1 ? 'slot' : 'slots';
        return `${slots} ${noun} from group ${move.from_group} to group ${move.to_group}, with their keys`;
      }),
      ...(plan.slots > 0
        ? ['a few slots at a time: commands wait for milliseconds when a slot changes hands']
        : []),
    ],
    warnings,
    undo: plan.slots === 0 ? '' : 'pause or cancel it while it goes on; move the slots back later',
    ...(undoChange && { undoChange }),
    ...{ slots: plan.slots, keys: plan.keys, bytes: plan.bytes, seconds: plan.seconds },
    ...{ isExact: plan.is_exact, isNothing: plan.slots === 0, moves: plan, route: 'startMoves' },
    body: { what: plan.what, moves: plan.moves, options },
  };
}
