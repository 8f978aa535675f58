import type { RequestFramer } from '../../resp/request-framer.js';
import type { LearnedCommands } from '../command/learned-commands.js';
import type { ConnectedClient, ProxyFacts } from '../command/local-context.js';
import type { ClusterAccess } from '../operation/cluster-access.js';
import type { Router } from '../router/router.js';
import type { MemoryGuard } from './memory-guard.js';
import type { Traffic } from './traffic.js';

export interface SessionSettings {
  /** Asked of clients; empty: none. */
  readonly password: string;
  /** How many databases clients may SELECT. */
  readonly databases: number;
  /** Connections to each server that the clients are dealt out to. */
  readonly backendConnections: number;
  /** Unanswered commands beyond which no more are read. */
  readonly maxPipeline: number;
  /** Bytes of unsent replies beyond which no more commands are read. */
  readonly maxPendingBytes: number;
}

/** What all sessions of a worker share. */
export interface SessionServices {
  readonly router: Router;
  readonly framer: RequestFramer;
  readonly cluster: ClusterAccess;
  readonly learnedCommands: LearnedCommands;
  readonly memory: MemoryGuard;
  readonly traffic: Traffic;
  readonly settings: SessionSettings;
  /** See LocalContext. */
  readonly hasPeers: boolean;
  proxyFacts(): ProxyFacts;
  /** All clients of the worker. */
  clients(): Iterable<ConnectedClient>;
  onClosed(session: ConnectedClient): void;
}
