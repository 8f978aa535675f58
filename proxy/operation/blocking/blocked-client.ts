import {
  ConnectionLostError,
  type DedicatedConnection,
} from '../../backend/dedicated-connection.js';
import type { Server } from '../../backend/server.js';
import { DEFAULT_USER } from '../../backend/users.js';
import { CROSSSLOT_ERROR } from '../../command/errors.js';
import type { SlotObserver } from '../../router/router.js';
import { Frames, type OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { type BlockingCommand, slotOfByteString } from './blocking-command.js';
import { type Issue, OutstandingCommand } from './outstanding-command.js';
import { Parking } from './parking.js';
import {
  isNothing,
  isUnblocked,
  isWorthWaitingFor,
  isWrongType,
  NOTHING,
  serverError,
} from './replies.js';
import { passGates } from './slot-gates.js';

/** How long a client waits at one of several groups before it goes on to the next. */
const FIRST_TURN_MS = 50;
const LAST_TURN_MS = 200;
/** Between attempts at a server that cannot serve now; a failover takes a few seconds. */
const RETRY_MS = 100;
const UNAVAILABLE_MS = 15_000;

const UNBLOCKED_ERROR = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';

/** Keys that are at one server, in the command's order. */
interface Part {
  readonly server: Server;
  readonly keys: string[];
}

/** What became of a command: the client's answer, or null if it is to be issued again. */
type Outcome = Buffer | null;

/**
 * A client that waits: for one server, on a connection that it has for itself, in the server's own
 * queue of those who wait. At any time at most one command of it is outstanding that may take
 * something, so nothing is taken twice, and what is taken goes to the client.
 *
 * - A slot changes hands: the command is recalled before the change is acknowledged, and issued
 *   again where the keys are, with the time that is left.
 * - Keys of several groups: each is asked without waiting, in the order of the keys; then the
 *   groups are waited at in short turns.
 * - The client goes: the connection is closed. What the server takes before it notices is lost, as
 *   with a single Redis.
 * - The connection is lost: the outcome of a command that takes something is unknown, and the
 *   client is told so.
 */
export class BlockedClient implements SlotObserver {
  readonly #call: OperationCall;
  readonly #command: BlockingCommand;
  readonly #deadline: number;
  readonly #parking: Parking;
  #outstanding: OutstandingCommand | null = null;
  #outstandingSlots: readonly number[] = [];
  /** It waits: from then on a Redis does not mind that a key is of another type for a while. */
  #hasBegun: boolean;
  /** Counts changes of the slots: what was found out before one is to be found out anew. */
  #changes = 0;
  /** Somebody has asked to unblock the client. */
  #unblocking: 'TIMEOUT' | 'ERROR' | null = null;
  /** Since when servers have not been able to serve; 0: they are. */
  #unavailableSince = 0;

  /** @param phase `begun`: its keys are known to be of the right type */
  constructor(call: OperationCall, command: BlockingCommand, phase: 'new' | 'begun') {
    this.#hasBegun = phase === 'begun';
    this.#call = call;
    this.#command = command;
    const timeoutMs = command.timeoutMs!;
    this.#deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    this.#parking = new Parking(this.#deadline);
  }

  /** @returns the reply. @throws OperationError */
  async run(): Promise<Frames> {
    const { cluster, gone } = this.#call;
    const { slotIds, mayBeAnywhere } = this.#command;
    // For keys of several groups it takes more commands than the user may be allowed.
    const mayBeApart = mayBeAnywhere && this.#call.client.user === DEFAULT_USER;
    if (slotIds.length > 1 && !mayBeApart) throw new OperationError(CROSSSLOT_ERROR);
    const ends = slotIds.map((slotId) => cluster.observeSlot(slotId, this));
    const leave = (): void => {
      this.#outstanding?.abandon();
      this.#parking.wake();
    };
    gone.addEventListener('abort', leave, { once: true });
    try {
      for (;;) {
        const reply = this.#end() ?? (await this.#attempt());
        if (reply === null) continue;
        // By a connection that tracks nothing.
        if (this.#command.isReadOnly) this.#call.client.tracking?.readUntracked(this.#command.keys);
        return new Frames(reply);
      }
    } finally {
      gone.removeEventListener('abort', leave);
      for (const end of ends) end();
    }
  }

  /** CLIENT UNBLOCK: the client is answered now, in either way, or with what it has just got. */
  unblock(how: 'TIMEOUT' | 'ERROR'): void {
    this.#unblocking = how;
    this.#parking.wake();
    void this.#outstanding?.recall(this.#call.cluster, how);
  }

  /** Ends a wait for a server that is gone without a word. @param isGone tells which are */
  checkServer(isGone: (server: Server) => boolean): void {
    if (this.#outstanding !== null && isGone(this.#outstanding.server)) this.#outstanding.abandon();
  }

  slotChanged(slotId: number): Promise<void> | void {
    this.#changes++;
    const outstanding = this.#outstanding;
    if (outstanding === null || !this.#outstandingSlots.includes(slotId)) return;
    const { cluster } = this.#call;
    // It has gone on to where the command waits already.
    if (cluster.destinationOf(slotId) === outstanding.server) return;
    return outstanding.recall(cluster, 'ERROR');
  }

  /** The answer if there is nothing more to wait for; null: go on. */
  #end(): Buffer | null {
    if (this.#unblocking === 'ERROR') throw new OperationError(UNBLOCKED_ERROR);
    const isOver =
      this.#unblocking === 'TIMEOUT' ||
      this.#call.gone.aborted ||
      performance.now() >= this.#deadline;
    return isOver ? NOTHING[this.#call.client.protocol] : null;
  }

  async #attempt(): Promise<Outcome> {
    const { cluster } = this.#call;
    const changes = this.#changes;
    const passage = await passGates(this.#call, this.#command, this.#parking);
    if (passage instanceof Buffer) {
      return isWorthWaitingFor(passage) ? this.#pause(passage) : passage;
    }
    if (passage === 'woken' || changes !== this.#changes) return null;
    const parts: Part[] = [];
    const runs: Part[] = [];
    for (const key of this.#command.keys) {
      const server = cluster.destinationOf(slotOfByteString(key));
      if (server === null) return null;
      const part = parts.find((each) => each.server === server);
      if (part === undefined) parts.push({ server, keys: [key] });
      else part.keys.push(key);
      if (runs.at(-1)?.server === server) runs.at(-1)!.keys.push(key);
      else runs.push({ server, keys: [key] });
    }
    if (parts.length === 1) return this.#wait(parts[0]!, this.#deadline - performance.now());
    for (const run of runs) {
      const reply = await this.#issue(run, 'at once', 1);
      if (reply === null || !isNothing(reply)) return reply;
      if (changes !== this.#changes || this.#end() !== null) return null;
    }
    return this.#takeTurns(parts, changes);
  }

  async #takeTurns(parts: readonly Part[], changes: number): Promise<Outcome> {
    let turnMs = FIRST_TURN_MS;
    for (;;) {
      for (const part of parts) {
        const leftMs = this.#deadline - performance.now();
        if (leftMs <= 0) return null;
        const reply = await this.#wait(part, Math.min(turnMs, leftMs));
        if (reply === null || !isNothing(reply)) return reply;
        if (changes !== this.#changes || this.#end() !== null) return null;
      }
      turnMs = Math.min(LAST_TURN_MS, turnMs * 2);
    }
  }

  #wait(part: Part, timeoutMs: number): Promise<Outcome> {
    return this.#issue(part, 'blocking', timeoutMs);
  }

  async #issue({ server, keys }: Part, how: Issue, timeoutMs: number): Promise<Outcome> {
    const { client, cluster, gone } = this.#call;
    const changes = this.#changes;
    let connection: DedicatedConnection;
    try {
      connection = await cluster.dedicated(server, client.lane);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#pause(serverError(server, `cannot be reached (${reason})`));
    }
    try {
      if (changes !== this.#changes || this.#unblocking !== null || gone.aborted) return null;
      const command = this.#command.rewritten(keys, timeoutMs);
      this.#outstandingSlots = keys.map(slotOfByteString);
      this.#outstanding = new OutstandingCommand(server, connection, command, how);
      return await this.#judge(await this.#outstanding.reply, changes);
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
      if (gone.aborted) return NOTHING[client.protocol];
      if (this.#command.isReadOnly) return this.#pause(serverError(server, error.message));
      const text = `lost (${connection.endReason}); whether the command was executed is unknown`;
      return serverError(server, text);
    } finally {
      this.#outstanding = null;
      server.pool.release(connection);
    }
  }

  /** A reply of the server: the client's, or a reason to go on. */
  async #judge(reply: Buffer, changes: number): Promise<Outcome> {
    if (isWorthWaitingFor(reply)) return this.#pause(reply);
    if (!isUnblocked(reply)) {
      this.#unavailableSince = 0;
      if (!this.#hasBegun || !this.#outlivesType || !isWrongType(reply)) return reply;
      await this.#parking.sleep(RETRY_MS);
      return null;
    }
    this.#hasBegun = true;
    // Recalled by us; or its master has become a replica, of which we shall hear.
    const isRecalled = changes !== this.#changes || this.#unblocking !== null;
    return isRecalled ? null : this.#pause(reply);
  }

  /** A group that is read for goes with its stream; what else is waited for may come to the key. */
  get #outlivesType(): boolean {
    return this.#command.name !== 'xreadgroup';
  }

  /** Nothing is outstanding, and a server cannot serve now. @returns the error if that lasts */
  async #pause(error: Buffer): Promise<Outcome> {
    const now = performance.now();
    if (this.#unavailableSince === 0) this.#unavailableSince = now;
    if (now - this.#unavailableSince > UNAVAILABLE_MS) return error;
    await this.#parking.sleep(RETRY_MS);
    return null;
  }
}
