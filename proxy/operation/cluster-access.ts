import { encodeMultibulk } from '../../resp/inline-command.js';
import type { DedicatedConnection } from '../backend/dedicated-connection.js';
import type { LaneOwner } from '../backend/lane-owners.js';
import type { OwnedBackend } from '../backend/owned-backend.js';
import type { Server } from '../backend/server.js';
import type { CommandRow } from '../command/command-row.js';
import { BURST_ROW, type Burst } from '../command/transaction/burst.js';
import { turn } from '../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, Request, type RequestOwner } from '../request.js';
import type { MoveHistory } from '../router/move-history.js';
import type {
  GroupMaster,
  Router,
  SlotMove,
  SlotObserver,
  TableObserver,
} from '../router/router.js';
import { BurstCall } from './burst-call.js';
import { OperationError } from './operation-error.js';

/** Waits for the reply of one command. */
class Exchange implements RequestOwner {
  readonly origin: object;
  readonly keys?: readonly string[];
  readonly #resolve: (frame: Buffer) => void;

  /** @param keys see RequestOwner; null: its row and bytes tell */
  constructor(origin: object, keys: readonly string[] | null, resolve: (frame: Buffer) => void) {
    this.origin = origin;
    if (keys !== null) this.keys = keys;
    this.#resolve = resolve;
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    this.#resolve(Buffer.from(bytes.subarray(start, end)));
  }
}

/** What operations may do with the cluster: they await what requests are called back with. */
export class ClusterAccess {
  readonly #router: Router;

  constructor(router: Router) {
    this.#router = router;
  }

  /** The groups that have keys, by their id. @throws OperationError if one has no master */
  servers(): readonly { readonly groupId: number; readonly server: Server }[] {
    return this.#router.masters().map(({ groupId, server }) => {
      if (server === null) throw new OperationError(`ERR group ${groupId} has no master`);
      return { groupId, server };
    });
  }

  /** See {@link Router.failedOverAt}. */
  get failedOverAt(): number {
    return this.#router.failedOverAt;
  }

  masters(): readonly GroupMaster[] {
    return this.#router.masters();
  }

  /** Null: there is no such group, or it has no master. */
  masterOf(groupId: number): Server | null {
    return this.#router.masterOf(groupId);
  }

  /** See Router.allMasters. */
  allMasters(): readonly Server[] {
    return this.#router.allMasters();
  }

  /** See Router.scriptLaneOf. */
  scriptLaneOf(slotId: number, lane: number): number {
    return this.#router.scriptLaneOf(slotId, lane);
  }

  /** Servers that a script may be keeping from all else. */
  busyServers(): readonly Server[] {
    return this.#router.allMasters().filter((server) => server.mayBeBusy);
  }

  moves(): readonly SlotMove[] {
    return this.#router.moves();
  }

  /** Which slots have changed hands. */
  get history(): MoveHistory {
    return this.#router.history;
  }

  /** See Router.destinationOf. */
  destinationOf(slotId: number): Server | null {
    return this.#router.destinationOf(slotId);
  }

  /**
   * One command to one server, by the connection that all share.
   *
   * @param args bytes, or byte strings
   * @returns the reply's frame, an error's if the server cannot be reached.
   */
  ask(
    server: Server,
    lane: number,
    args: readonly (string | Uint8Array)[],
    row: CommandRow = INTERNAL_ROW,
  ): Promise<Buffer> {
    const texts = args.map((arg) =>
      typeof arg === 'string' ? arg : Buffer.from(arg).toString('latin1'),
    );
    const bytes = encodeMultibulk(texts);
    return this.#exchange({}, row, NO_SLOT, lane, (request) =>
      server.lane(lane).send(request, bytes, 0, bytes.length, true),
    );
  }

  /**
   * One command to the owner of a slot, after its gate, and after a pull of its keys where the slot
   * moves.
   *
   * @param row tells where the keys are
   * @param origin whose command it is; see RequestOwner
   * @param keys the command's keys, where its row does not tell; see RequestOwner
   */
  askSlot(
    slotId: number,
    lane: number,
    row: CommandRow,
    bytes: Buffer,
    origin: object,
    keys: readonly string[] | null = null,
  ): Promise<Buffer> {
    const send = (request: Request) => this.#router.send(request, bytes, 0, bytes.length, true);
    return this.#exchange(origin, row, slotId, lane, send, keys);
  }

  /** The server that the slot's commands are sent to as they are; null: see destinationOf. */
  ownerOf(slotId: number): Server | null {
    return this.#router.serverOf(slotId);
  }

  /** A command to a slot that is sent in a way of its own. */
  askBy(
    slotId: number,
    lane: number,
    row: CommandRow,
    origin: object,
    send: (request: Request, router: Router) => void,
  ): Promise<Buffer> {
    return this.#exchange(origin, row, slotId, lane, (request) => send(request, this.#router));
  }

  /** As `askSlot`, with several commands at once. @returns the last one's reply */
  askBurst(slotId: number, lane: number, burst: Burst, origin: object): Promise<Buffer> {
    return this.#exchange(origin, BURST_ROW, slotId, lane, (request) =>
      BurstCall.send(request, burst, this.#router),
    );
  }

  /** A connection for this client alone; give it back by `server.pool.release`. */
  dedicated(server: Server, lane: number): Promise<DedicatedConnection> {
    return server.pool.acquire(lane);
  }

  /** See Router.claimLanes. */
  claimLanes(owner: LaneOwner): number | null {
    return this.#router.claimLanes(owner);
  }

  /** See Router.lanesOf. */
  lanesOf(owner: number): readonly OwnedBackend[] {
    return this.#router.lanesOf(owner);
  }

  /** See Router.releaseLanes. */
  releaseLanes(owner: number): void {
    this.#router.releaseLanes(owner);
  }

  /** See Router.observeSlot. */
  observeSlot(slotId: number, observer: SlotObserver): () => void {
    return this.#router.observeSlot(slotId, observer);
  }

  /** See Router.observeTable. */
  observeTable(observer: TableObserver): () => void {
    return this.#router.observeTable(observer);
  }

  #exchange(
    origin: object,
    row: CommandRow,
    slotId: number,
    lane: number,
    send: (request: Request) => void,
    keys: readonly string[] | null = null,
  ): Promise<Buffer> {
    return new Promise((resolve) => {
      send(new Request(new Exchange(origin, keys, resolve), row, slotId, lane, turn.nowUs()));
    });
  }
}
