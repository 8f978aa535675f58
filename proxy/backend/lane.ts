import type { Protocol } from '../../resp/encode.js';

/**
 * A connection speaks one protocol version and is bound to one database, so that bytes pass both
 * ways untouched. A lane is such a pair, as a small number: commands carry it, and a server has at
 * most one connection for each.
 *
 * Scripts go by lanes of their own, of which there are some for each pair: a script that runs for
 * long holds up what comes behind it on its connection, while on others a Redis then says BUSY.
 */
export function laneOf(protocol: Protocol, database: number): number {
  return database * LANES_A_DATABASE + (protocol - 2);
}

/** So many scripts of a protocol and database are under way without one waiting behind another. */
export const SCRIPT_TRACKS = 8;
const LANES_A_DATABASE = 2 * (1 + SCRIPT_TRACKS);

/** @param lane as of `laneOf`. @param track 0 to SCRIPT_TRACKS - 1 */
export function scriptLaneOf(lane: number, track: number): number {
  return lane + 2 * (1 + track);
}

export function isScriptLane(lane: number): boolean {
  return lane % LANES_A_DATABASE > 1;
}

export function protocolOfLane(lane: number): Protocol {
  return lane % 2 === 0 ? 2 : 3;
}

export function databaseOfLane(lane: number): number {
  return Math.trunc(lane / LANES_A_DATABASE);
}
