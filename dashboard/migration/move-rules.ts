import { OperatorError } from '../../base/errors.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.js';
import { fetchStat } from '../service/redis-info.js';
import { assertSlotId } from '../service/slots.js';
import { keyspace } from './key-scan.js';
import { masterAddr } from './masters.js';
import type { SlotMove } from './plan.js';
import type { MigrationQueue } from './queue.js';
import { ServerConnection } from './server-connection.js';

/** What must be so before a slot may be moved; looked at before anything is written. */
export class MoveRules {
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #password: string;

  constructor(store: Store, queue: MigrationQueue, password: string) {
    this.#store = store;
    this.#queue = queue;
    this.#password = password;
  }

  /**
   * The moves of slots `from` to `to` inclusive to a group; those that are there already are left
   * out, with a note.
   *
   * @throws InvalidInputError, NotFoundError, ConflictError
   */
  async range(
    from: number,
    to: number,
    toGroup: number,
  ): Promise<{ moves: SlotMove[]; notes: string[] }> {
    assertSlotId(from);
    assertSlotId(to);
    if (from > to) throw new InvalidInputError(`slots ${from}-${to}: from is greater than to`);
    await masterAddr(this.#store, toGroup);
    const slots = await this.#store.loadSlots(from, to);
    const present = slots.filter(({ group_id, state }) => {
      return state.status === 'online' && group_id === toGroup;
    });
    const others = slots.filter((slot) => !present.includes(slot));
    const moves = others.map((slot) => ({
      slotId: slot.id,
      fromGroup: sourceOf(slot),
      toGroup,
    }));
    await this.assertPossible(moves);
    const notes = present.length > 0 ? [`${slotCount(present)} in group ${toGroup} already`] : [];
    return { moves, notes };
  }

  /** @throws NotFoundError, ConflictError: nothing can be begun as it is */
  async assertPossible(moves: readonly SlotMove[]): Promise<void> {
    for (const groupId of new Set(moves.flatMap((move) => [move.fromGroup, move.toGroup]))) {
      if (groupId > 0) await masterAddr(this.#store, groupId);
    }
    const slots = new Map((await this.#store.loadSlots()).map((slot) => [slot.id, slot]));
    if (slots.size < SLOT_COUNT) {
      throw new NotFoundError('the slots are not initialised', {
        hint: 'run: codis-config slot init',
      });
    }
    const { tasks, orphans } = await this.#queue.load();
    const queued = new Set([...tasks, ...orphans].map((task) => task.slot_id));
    for (const move of moves) {
      assertSlotId(move.slotId);
      if (queued.has(move.slotId)) {
        throw new ConflictError(`slot ${move.slotId} is to be moved already`, {
          hint: 'see: codis-config slot status',
        });
      }
      assertMovable(slots.get(move.slotId)!, move);
    }
  }

  /**
   * Looks at the servers, so that a slot does not get stuck on its way.
   *
   * @param notes what the operator should know is added.
   * @throws RedisUnreachableError and the like; ConflictError for a target without the databases
   * that the source uses
   */
  async assertServersReady(moves: readonly SlotMove[], notes: string[]): Promise<void> {
    const pairs = new Map(moves.map((move) => [`${move.fromGroup} ${move.toGroup}`, move]));
    for (const { fromGroup, toGroup } of pairs.values()) {
      const source = await this.#open(fromGroup);
      try {
        const databases = [...(await keyspace(source)).keys()];
        const target = await this.#open(toGroup);
        try {
          await assertHasDatabase(target, Math.max(0, ...databases));
          const versions = await Promise.all([versionOf(source), versionOf(target)]);
          if (isOlder(versions[1], versions[0])) {
            notes.push(
              `${target.addr} (${versions[1]}) is older than ${source.addr} (${versions[0]}): ` +
                'it may refuse its keys',
            );
          }
        } finally {
          target.close();
        }
      } finally {
        source.close();
      }
    }
  }

  /** Bytes; 0 if it is not set, or if the master does not tell. */
  async maxmemory(group: GroupRecord): Promise<number> {
    const addr = masterOf(group);
    if (addr === null) return 0;
    try {
      return Number((await fetchStat(addr, this.#password)).maxmemory ?? 0) || 0;
    } catch (error) {
      if (error instanceof OperatorError) return 0;
      throw error;
    }
  }

  async #open(groupId: number): Promise<ServerConnection> {
    return ServerConnection.open(await masterAddr(this.#store, groupId), this.#password);
  }
}

/**
 * Online slots move; one that is half moved without a task, which another dashboard has left, may
 * be moved on in its direction.
 */
function assertMovable(slot: SlotRecord, move: SlotMove): void {
  const { status } = slot.state;
  if (status === 'online' && slot.group_id === move.fromGroup) return;
  const isLeft = status === 'migrate' && slot.group_id === move.toGroup;
  if (isLeft && slot.state.migrate_status.from === move.fromGroup) return;
  if (status === 'pre_migrate' && slot.group_id === move.fromGroup) return;
  if (status === 'online') {
    throw new ConflictError(
      `slot ${slot.id} is in group ${slot.group_id}, not in group ${move.fromGroup}`,
      { hint: 'the cluster has changed since: make a new plan' },
    );
  }
  throw new ConflictError(`slot ${slot.id} is ${status} and cannot be moved`, {
    hint:
      status === 'offline'
        ? 'give it to a group first: codis-config slot range-set'
        : `move it on to group ${slot.group_id} first`,
  });
}

function sourceOf({ group_id, state }: SlotRecord): number {
  return state.status === 'migrate' ? state.migrate_status.from : group_id;
}

function slotCount(slots: readonly SlotRecord[]): string {
  return slots.length === 1 ? `slot ${slots[0]!.id} is` : `${slots.length} slots are`;
}

async function assertHasDatabase(target: ServerConnection, database: number): Promise<void> {
  const [reply] = await target.pipeline([['SELECT', String(database)]]);
  if (reply!.type !== 'error') return;
  throw new ConflictError(
    `${target.addr} has no database ${database}, and the source has: ${reply!.value}`,
    { hint: 'start it with as many databases' },
  );
}

async function versionOf(server: ServerConnection): Promise<string> {
  const reply = await server.call(['INFO', 'server']);
  const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
  return /^redis_version:(\S+)/m.exec(text)?.[1] ?? '';
}

/** By major and minor number: keys are sent in the format of the source. */
function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
