import type { Protocol } from '../../resp/encode.js';
import { DEFAULT_USER_ID, MAX_USERS } from './users.js';

/**
 * A connection speaks one protocol version, is bound to one database and logged in as one user, so
 * that bytes pass both ways untouched. A lane is these three, as a number: commands carry it, and a
 * server has at most one connection for each.
 *
 * If there are to be several connections to a server, each client goes by one of as many lanes for its
 * three: so its commands keep their order.
 *
 * Scripts go by lanes of their own, of which there are some for each: a script that runs for long
 * holds up what comes behind it on its connection, while on others a Redis then says BUSY.
 *
 * A client that tracks keys has lanes of its own: the same pair, with the number of its owner, which
 * is 0 for those that clients share. What it asks not to be treated as its other commands goes by the
 * same connection, and carries a mark. (Only the default user's clients can have owners.)
 *
 * All of it stays below 2^30, so that it is a small integer in every request.
 */
/** Room for 2,000 databases: base/config.ts lets no more be configured. */
const MARK = 1 << 16;
/** Of an owner, or of a user. */
const NUMBER_SHIFT = 17;
/** The number is that of a user. */
const USER = 1 << 29;
const SHARED = MARK - 1;

/** Owners are numbered from 1 to this. */
export const MAX_LANE_OWNERS = MAX_USERS;

/** @param userId see users.ts */
export function laneOf(
  protocol: Protocol,
  database: number,
  userId: number = DEFAULT_USER_ID,
): number {
  const lane = database * LANES_A_DATABASE + (protocol - 2);
  return userId === DEFAULT_USER_ID ? lane : USER | (userId << NUMBER_SHIFT) | lane;
}

/** So many scripts of a protocol and database are under way without one waiting behind another. */
export const SCRIPT_TRACKS = 8;
/** For so many connections to a server there are lanes. */
export const MAX_CONNECTIONS = 8;
const LANES_A_DATABASE = 2 * (SCRIPT_TRACKS + MAX_CONNECTIONS);

/** @param connection which of those to a server the client goes by: 0 to MAX_CONNECTIONS - 1 */
export function clientLaneOf(
  protocol: Protocol,
  database: number,
  connection: number,
  userId: number = DEFAULT_USER_ID,
): number {
  const track = connection === 0 ? 0 : SCRIPT_TRACKS + connection;
  return laneOf(protocol, database, userId) + 2 * track;
}

/** The same lane by the first of the connections. */
export function commonLaneOf(lane: number): number {
  return laneInDatabase(lane, databaseOfLane(lane));
}

/** @param lane a client's. @param track 0 to SCRIPT_TRACKS - 1 */
export function scriptLaneOf(lane: number, track: number): number {
  return commonLaneOf(lane) + 2 * (1 + track);
}

export function isScriptLane(lane: number): boolean {
  const track = ((lane & SHARED) % LANES_A_DATABASE) >> 1;
  return track >= 1 && track <= SCRIPT_TRACKS;
}

export function protocolOfLane(lane: number): Protocol {
  return lane % 2 === 0 ? 2 : 3;
}

export function databaseOfLane(lane: number): number {
  return Math.trunc((lane & SHARED) / LANES_A_DATABASE);
}

/** The user's number; see users.ts. */
export function userOfLane(lane: number): number {
  return isOfUser(lane) ? (lane & ~USER) >> NUMBER_SHIFT : DEFAULT_USER_ID;
}

/** 0: clients share it. */
export function ownerOfLane(lane: number): number {
  return isOfUser(lane) ? 0 : lane >> NUMBER_SHIFT;
}

/** That of the same protocol, database and user which clients share. */
export function sharedLane(lane: number): number {
  return isOfUser(lane) ? lane & ~MARK : lane & SHARED;
}

/** @param lane of the default user */
export function ownedLane(lane: number, owner: number): number {
  return sharedLane(lane) | (owner << NUMBER_SHIFT);
}

export function markedLane(lane: number): number {
  return lane | MARK;
}

export function isMarkedLane(lane: number): boolean {
  return (lane & MARK) !== 0;
}

/** The lane without its mark, which names the connection. */
export function connectionLane(lane: number): number {
  return lane & ~MARK;
}

/** The same lane for another database. */
export function laneInDatabase(lane: number, database: number): number {
  return (lane & ~SHARED) | laneOf(protocolOfLane(lane), database);
}

function isOfUser(lane: number): boolean {
  return lane >= USER;
}
