import { type HandshakeStep, step } from '../../backend/handshake.js';
import { isMarkedLane, laneOf, ownedLane, protocolOfLane } from '../../backend/lane.js';
import type { LaneOwner } from '../../backend/lane-owners.js';
import type { ClientTracking, TrackingMode } from '../../command/local-context.js';
import type { Request } from '../../request.js';
import type { TableObserver } from '../../router/router.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { OperationClient } from '../operation.js';
import { OperationError } from '../operation-error.js';
import {
  brokenRedirectPush,
  type ChangedKeys,
  invalidationPush,
  keysFrame,
  readInvalidation,
} from './invalidation.js';
import { RedirectConnection, type RedirectOwner } from './redirect-connection.js';
import { SlotHomes } from './slot-homes.js';
import { type TrackingOptions, trackingCommand } from './tracking-options.js';

/** Somebody else who is told: @returns false if he is gone */
export type Redirect = (keys: ChangedKeys) => boolean | Promise<boolean>;

/**
 * A client that is told when keys change that it has read. It has connections of its own, on which
 * the servers track what it reads: so they know exactly what, also in scripts and transactions, and
 * who has made a change; and a change is told after the reply that it makes old, as both come by one
 * connection. In RESP2 the servers tell it to a second connection each.
 *
 * What no server can tell, is told as "all may have changed":
 * - a connection is lost, or its server is no master any more;
 * - a slot of which the client has read goes to another group. A key that moves is deleted at its
 *   old server, which tells; but one that was read as missing may come to be at the new one.
 *
 * With BCAST a server tells of all keys, read or not: every master is listened to from the start,
 * and a new one before the change that brings it is acknowledged.
 */
export class KeyTracking implements ClientTracking, LaneOwner, TableObserver, RedirectOwner {
  readonly #client: OperationClient;
  readonly #cluster: ClusterAccess;
  readonly #owner: number;
  readonly #endObservation: () => void;
  readonly #onEnd: () => void;
  readonly #homes: SlotHomes;
  /** By the masters' addresses; null: it is in RESP3, or nobody is told. */
  #redirects: Map<string, RedirectConnection> | null = null;
  #options: TrackingOptions;
  #redirect: Redirect | null;
  #isBroken = false;
  #isOver = false;
  /** Commands that went by its connections, and how many had when it was told that all changed. */
  #sent = 0;
  #sentAtFlush = -1;
  /** Servers that it could not listen to for a while. */
  readonly #deaf = new Set<string>();

  /**
   * @param redirect whom to tell in the client's place
   * @param onEnd called once
   * @throws OperationError if there are too many such clients
   */
  constructor(
    client: OperationClient,
    cluster: ClusterAccess,
    options: TrackingOptions,
    redirect: Redirect | null,
    onEnd: () => void,
  ) {
    const owner = cluster.claimLanes(this);
    if (owner === null) throw new OperationError('ERR too many clients track keys at this proxy');
    this.#owner = owner;
    this.#client = client;
    this.#cluster = cluster;
    this.#options = { ...options, prefixes: namedPrefixes(options) };
    this.#redirect = redirect;
    this.#onEnd = onEnd;
    this.#homes = new SlotHomes((slotId) => cluster.destinationOf(slotId)?.addr ?? null);
    this.#endObservation = cluster.observeTable(this);
  }

  get mode(): TrackingMode {
    return this.#options.mode;
  }

  get noLoop(): boolean {
    return this.#options.noLoop;
  }

  get redirect(): number {
    return this.#options.redirect;
  }

  get prefixes(): readonly string[] {
    return this.#options.prefixes;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  get markedPrefix(): Buffer | null {
    return MARKED_PREFIX[this.#options.mode];
  }

  laneFor(lane: number): number {
    const isToldInResp2 = protocolOfLane(lane) === 2;
    if (isToldInResp2 && this.#redirect === null) return lane;
    // One connection a server tells of everything; more would tell it again.
    if (this.mode === 'bcast' && lane !== this.#broadcastLane) return lane;
    if (isToldInResp2) this.#listenForRedirects();
    return ownedLane(lane, this.#owner);
  }

  /** Resolves when all is listened to that has to be from the start, as far as it can be reached. */
  async prepare(): Promise<void> {
    const isInResp2 = this.#redirect !== null && this.#client.protocol === 2;
    if (isInResp2) this.#listenForRedirects();
    const redirects = [...(this.#redirects?.values() ?? [])];
    await Promise.all(redirects.map(({ attempted }) => attempted));
    if (this.mode !== 'bcast' || this.#isOver) return;
    const lane = ownedLane(this.#broadcastLane, this.#owner);
    const masters = this.#cluster.allMasters();
    // The answer, also an error, comes after the greeting.
    await Promise.all(masters.map((server) => this.#cluster.ask(server, lane, ['PING'])));
  }

  /** CLIENT TRACKING ON, once more. */
  async change(options: TrackingOptions, redirect: Redirect | null): Promise<void> {
    const known = this.#options.prefixes;
    const prefixes = [...new Set([...known, ...namedPrefixes(options)])];
    this.#options = { ...options, prefixes };
    this.#redirect = redirect;
    this.#isBroken = false;
    await this.prepare();
    const lanes = this.#cluster.lanesOf(this.#owner);
    await Promise.all(lanes.map((lane) => lane.say(this.#command(lane.addr, lane.lane, options))));
  }

  greeting(addr: string, lane: number): readonly HandshakeStep[] {
    const isDeaf = protocolOfLane(lane) === 2 && this.#redirectIdAt(addr) === null;
    if (isDeaf) return [{ ...step(['PING'], () => null), verdict: () => NO_REDIRECT_FAULT }];
    return [step(this.#command(addr, lane, this.#options), (error) => error)];
  }

  sending({ slotId, row }: Request): void {
    this.#sent++;
    // Of a command that is split over groups one slot is named.
    if (row.route.startsWith('split')) this.#homes.noteAll();
    else this.#homes.note(slotId);
  }

  pushed(frame: Buffer): void {
    const keys = readInvalidation(frame);
    if (keys === null) this.#flush();
    else if (keys !== undefined) this.#tell(keys);
  }

  readUntracked(keys: readonly string[]): void {
    const isMarked = isMarkedLane(this.#client.lane);
    const { mode } = this;
    const isTracked =
      mode === 'all' || (mode === 'optin' && isMarked) || (mode === 'optout' && !isMarked);
    if (isTracked && keys.length > 0) this.#tell(keysFrame(keys));
  }

  established(addr: string): void {
    if (this.#deaf.delete(addr) && this.mode === 'bcast') this.#flush();
  }

  lost(addr: string): void {
    this.#deaf.add(addr);
    this.#flush();
  }

  redirectEstablished(addr: string): void {
    for (const lane of this.#cluster.lanesOf(this.#owner)) {
      if (lane.addr !== addr || protocolOfLane(lane.lane) !== 2) continue;
      // Prefixes are added to those that the server knows of, and must not be the same.
      if (this.mode === 'bcast') void lane.say(['CLIENT', 'TRACKING', 'OFF']);
      void lane.say(this.#command(addr, lane.lane, this.#options));
    }
    if (this.#deaf.delete(addr)) this.#flush();
  }

  redirectLost(addr: string): void {
    this.lost(addr);
  }

  async tableChanged(): Promise<void> {
    this.#followMasters();
    await this.prepare();
    if (this.mode !== 'bcast' && this.#homes.follow()) this.#flush();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endObservation();
    this.#cluster.releaseLanes(this.#owner);
    for (const redirect of this.#redirects?.values() ?? []) redirect.close();
    this.#onEnd();
  }

  /** The lane by which servers are listened to with BCAST. */
  get #broadcastLane(): number {
    const isInResp2 = this.#redirect !== null && this.#client.protocol === 2;
    return laneOf(isInResp2 ? 2 : 3, 0);
  }

  #command(addr: string, lane: number, options: TrackingOptions): readonly string[] {
    const redirect = protocolOfLane(lane) === 2 ? (this.#redirectIdAt(addr) ?? 0) : 0;
    return trackingCommand(options, redirect);
  }

  #redirectIdAt(addr: string): number | null {
    return this.#redirects?.get(addr)?.clientId ?? null;
  }

  #listenForRedirects(): void {
    if (this.#redirects !== null || this.#isOver) return;
    this.#redirects = new Map();
    this.#followMasters();
  }

  #followMasters(): void {
    const redirects = this.#redirects;
    if (redirects === null || this.#isOver) return;
    const masters = new Map(this.#cluster.allMasters().map((server) => [server.addr, server]));
    for (const [addr, redirect] of redirects) {
      if (masters.has(addr)) continue;
      redirects.delete(addr);
      redirect.close();
    }
    for (const [addr, server] of masters) {
      if (!redirects.has(addr)) redirects.set(addr, new RedirectConnection(server, this));
    }
  }

  /** All may have changed. */
  #flush(): void {
    // Each group tells of a FLUSHALL; what has been told is not told again.
    if (this.mode !== 'bcast' && this.#sent === this.#sentAtFlush) return;
    this.#sentAtFlush = this.#sent;
    this.#homes.forget();
    this.#tell(null);
  }

  #tell(keys: ChangedKeys): void {
    if (this.#isOver) return;
    const redirect = this.#redirect;
    if (redirect === null) {
      if (this.#client.protocol === 3) this.#client.pushAfterReplies(invalidationPush(keys));
      return;
    }
    const isTold = redirect(keys);
    if (isTold === false) this.#breakRedirect();
    else if (isTold !== true) {
      void isTold.then((isThere) => {
        if (!isThere && redirect === this.#redirect) this.#breakRedirect();
      });
    }
  }

  #breakRedirect(): void {
    if (this.#isOver) return;
    this.#isBroken = true;
    if (this.#client.protocol === 3) {
      this.#client.pushAfterReplies(brokenRedirectPush(this.redirect));
    }
  }
}

const NO_REDIRECT_FAULT = 'there is no second connection, for what concerns keys';

const MARKED_PREFIX: { readonly [mode in TrackingMode]: Buffer | null } = {
  all: null,
  bcast: null,
  optin: Buffer.from('*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$3\r\nYES\r\n'),
  optout: Buffer.from('*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$2\r\nNO\r\n'),
};

/** BCAST without a prefix is about all keys. */
function namedPrefixes({ mode, prefixes }: TrackingOptions): readonly string[] {
  return mode === 'bcast' && prefixes.length === 0 ? [''] : prefixes;
}
