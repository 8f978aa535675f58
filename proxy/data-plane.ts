import type { Address } from '../base/address.js';
import type { TopologySink } from './router/topology-change.js';

/** Calls and time of one command since the start of the proxy. */
export interface CommandStats {
  /** In capitals, as Codis shows it. */
  readonly cmd: string;
  readonly calls: number;
  /** Microseconds from the arrival of the command to its complete reply, summed. */
  readonly usecs: number;
  /** How many of the calls were answered with an error. */
  readonly errors: number;
}

/** A Redis server as the proxy sees it, over all its connections to it. */
export interface BackendStats {
  readonly addr: string;
  readonly state: 'connecting' | 'ready' | 'waiting' | 'closed';
  /** Commands sent and not answered yet. */
  readonly inFlight: number;
  readonly reconnects: number;
  /** Why the last connection ended; empty if none did. */
  readonly lastError: string;
  /**
   * For how many milliseconds it has owed an answer, 0 if it answers; null: nobody tells, or nobody
   * asks it.
   */
  readonly silentMs: number | null;
}

/** What clients listen to, over all workers. */
export interface PubsubStats {
  /** Channels, shard channels and patterns, as often as there are workers with listeners. */
  readonly channels: number;
  readonly patterns: number;
  /** Messages heard from servers since the start. */
  readonly messages: number;
  /** Clients cut off as they did not take their messages. */
  readonly slowClients: number;
  /** Times that a connection for listening was lost: what was published meanwhile was not heard. */
  readonly losses: number;
}

export interface DataPlaneStats {
  readonly commands: readonly CommandStats[];
  readonly backends: readonly BackendStats[];
  readonly pubsub: PubsubStats;
  readonly clients: number;
  readonly clientsAccepted: number;
  /** Turned away because there were too many. */
  readonly clientsRejected: number;
  /** Closed because they did not take their replies, or were too long at sending a command. */
  readonly clientsClosedForOutput: number;
  readonly clientsClosedForInput: number;
  /** Bytes of replies that clients have not taken, and of commands that are not complete. */
  readonly outputBytes: number;
  readonly inputBytes: number;
  /** What waits for slots to change hands. */
  readonly waitingCommands: number;
  readonly waitingBytes: number;
  /** Reads that were sent to replicas, and those of them that masters had to answer after all. */
  readonly replicaReads: number;
  readonly repeatedReads: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Upper bounds (microseconds, last one Infinity) and counts (not cumulative) of latencies. */
  readonly latencyBucketsUs: readonly number[];
  readonly latencyCounts: readonly number[];
}

/** The part of the proxy that serves clients; the control side sees it only through this. */
export interface DataPlane extends TopologySink {
  /** Starts to accept clients. @returns the address bound (port 0 picks one). */
  listen(address: Address): Promise<Address>;
  /**
   * Stops accepting, lets every client have the replies to the commands it has sent, then closes
   * its connection; clients that are still busy after `timeoutMs` are cut. `listen` may follow: an
   * operator sets a proxy offline and online again.
   *
   * @param successors host:port of proxies that clients may go to, for those that ask
   */
  drain(timeoutMs: number, successors?: readonly string[]): Promise<void>;
  /** Cuts everything at once, for good. */
  close(): void;
  stats(): DataPlaneStats;
}
