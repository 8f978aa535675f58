import { databaseOfLane } from '../backend/lane.js';
import type { Server } from '../backend/server.js';
import { elapsedUs, turn } from '../io/turn.js';
import type { Request } from '../request.js';
import { type Pull, type PullOutcome, pullKeys } from './key-pull.js';
import type { LargeKeyRoute } from './topology-change.js';
import type { WaitingRoom } from './waiting-room.js';

/** A command waits no longer than this for its slot to change hands. */
const WAIT_TIMEOUT_MS = 10_000;
/** The same for a large key to be copied: 5 million fields take about 20 s. */
const LARGE_KEY_TIMEOUT_MS = 60_000;
/** Keys moved by one command: each moves while both servers do nothing else. */
const MAX_KEYS_A_PULL = 32;
/** Keys known to have left the source; beyond, they are forgotten, and asked for again. */
const MAX_KNOWN_KEYS = 100_000;

/** Finds the keys of a command as byte strings, each once. */
export type KeysOf = (
  request: Request,
  bytes: Buffer,
  start: number,
  end: number,
) => readonly string[];

interface Waiting {
  readonly request: Request;
  readonly bytes: Buffer;
  /** With their database; not known while the slot is held: found when the keys begin to move. */
  keys: readonly string[] | null;
}

/** Where a moving slot's keys come from and where its commands go. */
export interface Route {
  readonly source: Server;
  readonly target: Server;
  /** Which copy of a key counts where both have one; `target` once the source has failed over. */
  readonly prefers: 'source' | 'target';
}

/**
 * A slot on its way from one group to another.
 *
 * - Held (no route): commands wait, none is sent (pre_migrate; I2 of the hand-off).
 * - Moving: a command is sent to the target once each of its keys has left the source, by a pull if
 *   need be (migrate; I4). Keys never come back to the source while the slot moves, so what has
 *   been pulled once is remembered.
 *
 * Commands of one client are sent in the order they came. Those of different clients pass each
 * other: one who waits for a large key does not hold up the rest of the slot.
 */
export class SlotTransit {
  readonly #slotId: number;
  readonly #room: WaitingRoom;
  readonly #keysOf: KeysOf;
  readonly #password: string;
  /** The servers that commands of the slot were sent to before it was held. */
  readonly formerServers = new Set<Server>();
  #route: Route | null = null;
  #waiting: Waiting[] = [];
  /** How many commands of each client wait. */
  readonly #waitingOf = new Map<object, number>();
  /** Keys, each with its database, that are not on the source any more. */
  #gone = new Set<string>();
  #pulling = new Set<string>();
  /** Keys that are copied in pieces: not to be pulled, and not to be written to. */
  #large: ReadonlyMap<string, LargeKeyRoute['phase']> = new Map();

  constructor(slotId: number, room: WaitingRoom, keysOf: KeysOf, password: string) {
    this.#slotId = slotId;
    this.#room = room;
    this.#keysOf = keysOf;
    this.#password = password;
  }

  get route(): Route | null {
    return this.#route;
  }

  /**
   * The slot is about to change hands: nothing is sent from now on.
   *
   * @param servers those that its commands were sent to until now
   */
  hold(servers: readonly Server[]): void {
    for (const server of servers) this.formerServers.add(server);
    this.#route = null;
    this.#gone = new Set();
    // Pulls under way are waited for by whoever acknowledges; their outcome is of no more interest.
    this.#pulling = new Set();
  }

  /**
   * Keys move from the route's source to its target from now on. Called again with the same route
   * for another set of large keys, with another route when a group has a new master.
   */
  move(route: Route, largeKeys: readonly LargeKeyRoute[]): void {
    if (this.#route === null) this.#gone = new Set();
    this.formerServers.clear();
    if (this.#route !== route) this.#pulling = new Set();
    this.#route = route;
    this.#large = new Map(
      largeKeys.map(({ database, key, phase }) => [`${database} ${key}`, phase]),
    );
    this.#advance();
  }

  /** Takes a command; sends it now or later, or fails it. */
  take(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const route = this.#route;
    const keys = route === null ? null : this.#qualifiedKeys(request, bytes, start, end);
    const { origin } = request.owner;
    if (route !== null && !this.#waitingOf.has(origin)) {
      const server = this.#destination(request, keys!, route);
      if (server !== null) {
        server.lane(request.lane).send(request, bytes, start, end, isOwned);
        return;
      }
    }
    if (!this.#room.admit(end - start)) {
      request.fail(`TRYAGAIN slot ${this.#slotId} is being moved and too many commands wait`);
      return;
    }
    const copy = isOwned ? bytes.subarray(start, end) : Buffer.from(bytes.subarray(start, end));
    this.#waiting.push({ request, bytes: copy, keys });
    this.#waitingOf.set(origin, (this.#waitingOf.get(origin) ?? 0) + 1);
    if (route !== null) this.#pullMissing(route, keys!);
  }

  /** The slot has arrived: sends all that waits to its owner. */
  finish(owner: Server): void {
    for (const { request, bytes } of this.#leave(this.#waiting)) {
      owner.lane(request.lane).send(request, bytes, 0, bytes.length, true);
    }
  }

  /** Answers all that waits with an error. */
  refuse(error: string): void {
    for (const { request } of this.#leave(this.#waiting)) request.fail(error);
  }

  /** To be called some times a second: deadlines, and pulls to be repeated. */
  tick(): void {
    const now = turn.nowUs();
    const isLate = ({ request, keys }: Waiting) => {
      const isLarge = this.#large.size > 0 && keys?.some((key) => this.#large.has(key));
      const timeoutMs = isLarge ? LARGE_KEY_TIMEOUT_MS : WAIT_TIMEOUT_MS;
      return elapsedUs(request.startedUs, now) > timeoutMs * 1000;
    };
    // Those that came first are late first, so no command of a client passes another one.
    const late = this.#waiting.filter(isLate);
    if (late.length > 0) {
      this.#waiting = this.#waiting.filter((waiting) => !isLate(waiting));
      for (const { request } of this.#leave(late)) {
        request.fail(`TRYAGAIN slot ${this.#slotId} is being moved`);
      }
    }
    if (this.#route !== null) this.#advance();
  }

  /** Sends what can be sent, and pulls what is not on its way. */
  #advance(): void {
    const route = this.#route!;
    const blocked = new Set<object>();
    const ready: [waiting: Waiting, server: Server][] = [];
    const wanted = new Set<string>();
    this.#waiting = this.#waiting.filter((waiting) => {
      const { origin } = waiting.request.owner;
      const { request, bytes } = waiting;
      waiting.keys ??= this.#qualifiedKeys(request, bytes, 0, bytes.length);
      const server = this.#destination(request, waiting.keys, route);
      if (server !== null && !blocked.has(origin)) {
        ready.push([waiting, server]);
        return false;
      }
      for (const key of waiting.keys) wanted.add(key);
      blocked.add(origin);
      return true;
    });
    this.#leave(ready.map(([waiting]) => waiting));
    for (const [{ request, bytes }, server] of ready) {
      server.lane(request.lane).send(request, bytes, 0, bytes.length, true);
    }
    this.#pullMissing(route, wanted);
  }

  /** The command's keys, each with its database in front of it: `0 key`. */
  #qualifiedKeys(request: Request, bytes: Buffer, start: number, end: number): readonly string[] {
    const database = databaseOfLane(request.lane);
    return this.#keysOf(request, bytes, start, end).map((key) => `${database} ${key}`);
  }

  /** Where the command can be sent now; null: it has to wait. */
  #destination(request: Request, keys: readonly string[], route: Route): Server | null {
    if (keys.every((key) => this.#gone.has(key))) return route.target;
    if (this.#large.size === 0) return null;
    const isReadable = (key: string) => this.#large.get(key) === 'copying';
    return request.row.isReadOnly && keys.every(isReadable) ? route.source : null;
  }

  /** It may still be on the source, and nothing brings it from there. */
  #isToBePulled(key: string): boolean {
    return !this.#gone.has(key) && !this.#pulling.has(key) && !this.#large.has(key);
  }

  /** @param keys each once */
  #pullMissing(route: Route, keys: Iterable<string>): void {
    const byDatabase = new Map<number, string[]>();
    for (const key of keys) {
      if (!this.#isToBePulled(key)) continue;
      const database = databaseOf(key);
      const others = byDatabase.get(database);
      if (others === undefined) byDatabase.set(database, [key]);
      else others.push(key);
    }
    for (const [database, wanted] of byDatabase) {
      for (let first = 0; first < wanted.length; first += MAX_KEYS_A_PULL) {
        this.#pull(route, database, wanted.slice(first, first + MAX_KEYS_A_PULL));
      }
    }
  }

  #pull(route: Route, database: number, keys: readonly string[]): void {
    for (const key of keys) this.#pulling.add(key);
    const settle = (about: readonly string[], outcome: PullOutcome): void => {
      // The slot has been held, or has gone another way, since.
      if (this.#route !== route) return;
      const settled = about.map((name) => `${database} ${name}`);
      for (const key of settled) this.#pulling.delete(key);
      this.#settle(settled, outcome);
    };
    const pull: Pull = {
      source: route.source,
      target: route.target,
      prefers: route.prefers,
      slotId: this.#slotId,
      database,
      keys: keys.map((key) => key.slice(key.indexOf(' ') + 1)),
      password: this.#password,
      company: this.#large.size > 0 ? 'alone' : 'with their tags',
      isCurrent: () => this.#route === route,
    };
    pullKeys(pull, settle);
  }

  #settle(keys: readonly string[], outcome: PullOutcome): void {
    if (outcome.type === 'moved') {
      if (this.#gone.size + keys.length > MAX_KNOWN_KEYS) this.#gone = new Set();
      for (const key of keys) this.#gone.add(key);
      this.#advance();
      return;
    }
    // Unknown: the next tick pulls again, until the commands that wait are late.
    if (outcome.type === 'unknown') return;
    const concerned = (waiting: Waiting) =>
      waiting.keys?.some((key) => keys.includes(key)) ?? false;
    const failed = this.#waiting.filter(concerned);
    this.#waiting = this.#waiting.filter((waiting) => !concerned(waiting));
    for (const { request } of this.#leave(failed)) {
      request.fail(`ERR slot ${this.#slotId} is being moved, its key cannot be: ${outcome.reason}`);
    }
  }

  /** Lets commands out of the waiting room. */
  #leave(commands: readonly Waiting[]): readonly Waiting[] {
    if (commands === this.#waiting) this.#waiting = [];
    for (const { request, bytes } of commands) {
      this.#room.leave(bytes.length);
      const { origin } = request.owner;
      const others = this.#waitingOf.get(origin)! - 1;
      if (others > 0) this.#waitingOf.set(origin, others);
      else this.#waitingOf.delete(origin);
    }
    return commands;
  }
}

function databaseOf(qualifiedKey: string): number {
  return Number.parseInt(qualifiedKey, 10);
}
