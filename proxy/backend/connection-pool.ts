import { AbandonedConnections } from './abandoned-connections.js';
import type { BackendSettings } from './backend-settings.js';
import { DedicatedConnection } from './dedicated-connection.js';
import { commonLaneOf, sharedLane } from './lane.js';

/** Kept for the next one who needs a connection of its own, by lane. */
const MAX_IDLE_A_LANE = 32;

/** Connections to one server that are lent to one user at a time. */
export class ConnectionPool {
  readonly #addr: string;
  readonly #settings: BackendSettings;
  readonly #idle = new Map<number, DedicatedConnection[]>();
  readonly #lent = new Set<DedicatedConnection>();
  readonly #abandoned = new AbandonedConnections();
  #isClosed = false;

  constructor(addr: string, settings: BackendSettings) {
    this.#addr = addr;
    this.#settings = settings;
  }

  /** Connections that are in use. */
  get lentCount(): number {
    return this.#lent.size;
  }

  /**
   * A connection that is no part of the pool: it outlives the server's leaving of the table.
   *
   * @throws ConnectionLostError | DeadlineError
   */
  openDetached(lane: number): Promise<DedicatedConnection> {
    return DedicatedConnection.open(this.#addr, lane, this.#settings);
  }

  /** @throws ConnectionLostError | DeadlineError */
  async acquire(anyLane: number): Promise<DedicatedConnection> {
    const lane = commonLaneOf(sharedLane(anyLane));
    const connection =
      this.#takeIdle(lane) ?? (await DedicatedConnection.open(this.#addr, lane, this.#settings));
    this.#lent.add(connection);
    if (this.#isClosed) connection.close();
    return connection;
  }

  /**
   * Gives a connection back. It must be as it was: nothing unanswered, watched or subscribed to;
   * otherwise close it first.
   */
  release(connection: DedicatedConnection): void {
    if (!this.#lent.delete(connection)) return;
    connection.onPush = null;
    connection.onMessage = null;
    connection.onClosed = null;
    if (connection.endReason !== null) return;
    const idle = this.#idle.get(connection.lane) ?? [];
    this.#idle.set(connection.lane, idle);
    if (this.#isClosed || connection.inFlight > 0 || idle.length >= MAX_IDLE_A_LANE) {
      connection.close();
    } else {
      idle.push(connection);
    }
  }

  /** Gives up a lent connection whose commands the server may still execute; see `settled`. */
  abandon(connection: DedicatedConnection): void {
    this.#lent.delete(connection);
    const socket = connection.detach();
    if (socket !== null) this.#abandoned.add(socket);
  }

  /** Resolves when nothing that was sent by abandoned connections can be executed any more. */
  settled(): Promise<void> {
    return this.#abandoned.settled();
  }

  close(): void {
    this.#isClosed = true;
    this.#abandoned.close();
    for (const connection of this.#lent) connection.close();
    for (const idle of this.#idle.values()) for (const connection of idle) connection.close();
    this.#idle.clear();
  }

  #takeIdle(lane: number): DedicatedConnection | null {
    for (;;) {
      const connection = this.#idle.get(lane)?.pop();
      if (connection === undefined) return null;
      if (connection.endReason === null) return connection;
    }
  }
}
