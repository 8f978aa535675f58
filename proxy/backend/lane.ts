import type { Protocol } from '../../resp/encode.js';

/**
 * A connection speaks one protocol version and is bound to one database, so that bytes pass both
 * ways untouched. A lane is such a pair, as a small number: commands carry it, and a server has at
 * most one connection for each.
 */
export function laneOf(protocol: Protocol, database: number): number {
  return database * 2 + (protocol - 2);
}

export function protocolOfLane(lane: number): Protocol {
  return lane % 2 === 0 ? 2 : 3;
}

export function databaseOfLane(lane: number): number {
  return lane >> 1;
}
