import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import type { LargeKeyRecord } from '../../cluster/model/large-key.js';
import { slotOf } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { type CopyOptions, copyInPieces, finishPieces } from './chunk/copy-in-pieces.js';
import { NotChunkableError } from './chunk/errors.js';
import { PIECE_LIMITS } from './chunk/piece-size.js';
import {
  isTemporaryKey,
  temporaryIdOf,
  temporaryKeyFor,
  temporaryKeyPattern,
} from './chunk/temporary-key.js';
import { OwnCommands } from './client-load.js';
import { keyspace } from './key-scan.js';
import { SourceChangedError } from './key-sender.js';
import type { LargeKeyList, ListedKey } from './large-key-list.js';
import { keyName } from './large-keys.js';
import { groupMaster, masterAddr } from './masters.js';
import { ReplicaConfirmation } from './replica-confirmation.js';
import { ServerConnection } from './server-connection.js';
import { slotsKeepingTarget } from './source-failure.js';
import { endMoversOf } from './stale-connections.js';

/** Of names, not of values: about a millisecond of the server's time. */
const SCAN_COUNT = '1000';

export interface LargeKeyMoverSettings {
  readonly store: Store;
  readonly list: LargeKeyList;
  readonly product: string;
  readonly password: string;
  readonly log: Logger;
}

/** A slot in `migrate`, whose listed keys are to go from one group to the other. */
export interface LargeKeyMove {
  readonly slotId: number;
  readonly sourceGroup: number;
  readonly targetGroup: number;
}

export interface LargeKeyOptions {
  /** How long one command may take; 0: as its default is. */
  readonly maxStallMs: number;
  readonly signal: AbortSignal;
  readonly onMoved: (listed: ListedKey) => void;
}

/** Takes the keys of the list from the source to the target, one after the other. */
export class LargeKeyMover {
  readonly #settings: LargeKeyMoverSettings;

  constructor(settings: LargeKeyMoverSettings) {
    this.#settings = settings;
  }

  /**
   * After a dashboard that died: ends what it has under way, and drops the copies it has begun.
   *
   * @param moves of one source, whose slots are in `migrate` already.
   */
  async takeOver(moves: readonly LargeKeyMove[]): Promise<void> {
    const { store, password, log } = this.#settings;
    const sources = new Set(moves.map((move) => move.sourceGroup));
    const targets = new Set(moves.map((move) => move.targetGroup));
    for (const sourceGroup of sources) {
      for (const groupId of [sourceGroup, ...targets]) {
        const addr = await masterAddr(store, groupId);
        await endMoversOf(addr, password, this.#nameOf(sourceGroup), log);
      }
    }
    for (const groupId of targets) {
      const own = moves.filter((move) => move.targetGroup === groupId);
      await this.#dropCopies(groupId, new Set(own.map((move) => move.slotId)));
    }
  }

  /**
   * Resolves when no key of these slots is listed any more.
   *
   * @throws SourceChangedError, AbortError, OperatorError: to be called again
   */
  async moveListed(moves: readonly LargeKeyMove[], options: LargeKeyOptions): Promise<void> {
    const { list } = this.#settings;
    for (const move of moves) {
      const { slotId } = move;
      for (const { db, key, phase } of await list.load(slotId)) {
        options.signal.throwIfAborted();
        const listed = { slotId, database: db, key: Buffer.from(key, 'base64') };
        await this.#moveKey(move, listed, phase, options);
        faultPoint('large-key-moved');
        await list.remove(listed);
        options.onMoved(listed);
      }
    }
  }

  /** When it resolves no proxy touches the key, and it is on the target, or on the source still. */
  async #moveKey(
    move: LargeKeyMove,
    listed: ListedKey,
    phase: LargeKeyRecord['phase'],
    options: LargeKeyOptions,
  ): Promise<void> {
    const { list, log } = this.#settings;
    const [source, target] = await this.#connect(move);
    const replicas = new ReplicaConfirmation({ ...this.#settings, own: new OwnCommands() });
    const confirm = async (groupId: number) =>
      replicas.confirm(await groupMaster(this.#settings.store, groupId), options.signal);
    try {
      // Nobody knows yet, or a dashboard has died in the midst of it.
      if (phase === 'switching') {
        await list.switching(listed);
        if (!(await has(source, listed))) return confirm(move.sourceGroup);
        if (await this.#isKept(target, listed)) {
          await source.call(['UNLINK', listed.key]);
          return confirm(move.sourceGroup);
        }
        await list.copying(listed);
      }
      const begin = performance.now();
      const about = { slot: listed.slotId, key: keyName(listed.key) };
      log.info(about, 'copying a large key in pieces');
      const copied = await this.#copy(source, target, listed, options);
      faultPoint('large-key-copied');
      await list.switching(listed);
      if (copied === null) return;
      await this.#assertMasters(move, source, target);
      await finishPieces(copied, () => confirm(move.targetGroup));
      await confirm(move.sourceGroup);
      const seconds = Math.round((performance.now() - begin) / 100) / 10;
      log.info({ ...about, seconds }, 'large key moved');
    } finally {
      source.close();
      target.close();
      replicas.close();
    }
  }

  /** The source has failed over, and may have a key again that had been moved. */
  async #isKept(target: ServerConnection, listed: ListedKey): Promise<boolean> {
    const keeping = await slotsKeepingTarget(this.#settings.store, [listed.slotId]);
    return keeping.has(listed.slotId) && (await has(target, listed));
  }

  /** Null: there is nothing to be switched. */
  async #copy(
    source: ServerConnection,
    target: ServerConnection,
    { slotId, database, key }: ListedKey,
    { signal, maxStallMs }: LargeKeyOptions,
  ) {
    const temporaryKey = temporaryKeyFor(slotId, temporaryIdOf(key));
    const limits = { ...PIECE_LIMITS, ms: Math.min(PIECE_LIMITS.ms, maxStallMs || Infinity) };
    const copyOptions: CopyOptions = {
      signal,
      limits,
      onPiece: () => faultPoint('large-key-piece'),
    };
    try {
      return await copyInPieces(source, target, database, key, temporaryKey, copyOptions);
    } catch (error) {
      if (error instanceof NotChunkableError) {
        this.#settings.log.warn(
          { slot: slotId, reason: error.message },
          'large key moves as it is',
        );
        return null;
      }
      if (target.isOpen) await target.pipeline([['UNLINK', temporaryKey]]);
      throw error;
    }
  }

  /** Connections of a name, so that another dashboard can end them. */
  async #connect({ sourceGroup, targetGroup }: LargeKeyMove) {
    const { store, password } = this.#settings;
    const name = this.#nameOf(sourceGroup);
    const source = await ServerConnection.open(
      await masterAddr(store, sourceGroup),
      password,
      name,
    );
    try {
      const target = await masterAddr(store, targetGroup);
      return [source, await ServerConnection.open(target, password, name)] as const;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** One leg at a time has a source, and may share a target with others. */
  #nameOf(sourceGroup: number): string {
    return `codis-pieces-${this.#settings.product}-${sourceGroup}`;
  }

  async #assertMasters(
    { sourceGroup, targetGroup }: LargeKeyMove,
    source: ServerConnection,
    target: ServerConnection,
  ): Promise<void> {
    const { store } = this.#settings;
    for (const [groupId, { addr }] of [
      [sourceGroup, source],
      [targetGroup, target],
    ] as const) {
      const now = await masterAddr(store, groupId);
      if (now !== addr)
        throw new SourceChangedError(`the master of group ${groupId} is ${now} now`);
    }
  }

  async #dropCopies(groupId: number, slotIds: ReadonlySet<number>): Promise<void> {
    const { store, password, log } = this.#settings;
    const server = await ServerConnection.open(await masterAddr(store, groupId), password);
    try {
      for (const database of (await keyspace(server)).keys()) {
        await server.call(['SELECT', String(database)]);
        for await (const key of temporaryKeys(server)) {
          if (!slotIds.has(slotOf(key))) continue;
          await server.call(['UNLINK', key]);
          log.info({ group: groupId, key: keyName(key) }, 'dropped a copy that was begun');
        }
      }
    } finally {
      server.close();
    }
  }
}

async function* temporaryKeys(server: ServerConnection): AsyncGenerator<Buffer> {
  let cursor = '0';
  do {
    const how = ['MATCH', temporaryKeyPattern(), 'COUNT', SCAN_COUNT];
    const reply = await server.call(['SCAN', cursor, ...how]);
    const [next, keys] = reply.type === 'array' ? reply.value : [];
    cursor = next?.type === 'bulk' ? next.value.toString() : '0';
    for (const key of keys?.type === 'array' ? keys.value : []) {
      if (key.type === 'bulk' && isTemporaryKey(key.value)) yield key.value;
    }
  } while (cursor !== '0');
}

async function has(server: ServerConnection, { database, key }: ListedKey): Promise<boolean> {
  await server.call(['SELECT', String(database)]);
  const reply = await server.call(['EXISTS', key]);
  return reply.type === 'integer' && reply.value === 1n;
}
