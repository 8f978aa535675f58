import type { Protocol } from '../../resp/encode.js';
import type { CommandRow } from './command-row.js';
import type { Decision } from './decision.js';
import type { LearnedCommands } from './learned-commands.js';

/**
 * What the local commands know of the client they answer, and do to it; a session implements it.
 * Text from clients (names, library names) is kept as byte strings: one character a byte, so that
 * it goes back as it came ('latin1').
 */
export interface LocalContext extends ConnectedClient {
  /** The protocol that replies to this client are written in. */
  protocol: Protocol;
  /** The database its commands are executed in: 0 to `databases` - 1. */
  database: number;
  readonly databases: number;
  /** What clients must give; empty: none. */
  readonly password: string;
  authenticated: boolean;
  /**
   * Its commands have the rights of this user from now on. Of another than `default` the servers
   * have been asked before.
   *
   * @returns false for one who is not known
   */
  becomeUser(name: string, password: string): boolean;
  /** Byte strings; empty if not set. */
  clientName: string;
  libName: string;
  libVersion: string;
  noEvict: boolean;
  noTouch: boolean;
  /** Its reads may go to replicas; null: no client's do. */
  readsReplicas: boolean | null;
  /** Commands that only the servers know. */
  readonly learnedCommands: LearnedCommands;
  /** Nothing has been read that came after the command: the client may wait for its reply. */
  readonly awaitsReply: boolean;
  /**
   * A script may be keeping a server from all else, which a PING is to tell; but not to one who has
   * done nothing but ping: a load balancer's check is about the proxy, which serves the other groups.
   */
  readonly meetsBusyServers: boolean;
  /** Null: commands mean what they say. */
  mode: SessionMode | null;
  /** What it listens to; null: it has never listened to anything. */
  subscriptions: ClientListening | null;
  /** Null: it does not track keys. */
  tracking: ClientTracking | null;
  /** CLIENT CACHING: the next command is to be tracked, or not, unlike the others. */
  isNextMarked: boolean;
  /** It is not told any more what other clients send. */
  endMonitoring(): void;
  /** No more commands are read; the connection is closed when the replies so far are written. */
  closeAfterReply(): void;
  /** Whether this command, and those after it, are answered. */
  setReplies(mode: ReplyMode): void;
  /** All clients of this worker, this one among them. */
  clients(): Iterable<ConnectedClient>;
  /** The proxy has other workers, with clients of their own. */
  readonly hasPeers: boolean;
  /** Facts for INFO about this worker. */
  proxyFacts(): ProxyFacts;
}

/** Channels and patterns that a client listens to. */
export interface ClientListening {
  /** Of all kinds. */
  readonly total: number;
  count(kind: 'channel' | 'pattern' | 'shard'): number;
  /** To be called when it has chosen another protocol: in RESP2 what it listens to limits it. */
  updateMode(): void;
  /** The client is gone, or has been RESET: it listens to nothing any more. */
  end(): void;
}

/** What is tracked: `all` that the client reads, or by CLIENT TRACKING's word. */
export type TrackingMode = 'all' | 'bcast' | 'optin' | 'optout';

/** A client that is told of changes of keys that it has read. */
export interface ClientTracking {
  readonly mode: TrackingMode;
  readonly noLoop: boolean;
  /** The client that is told in its place; 0: none. */
  readonly redirect: number;
  /** There is no such client any more. */
  readonly isBroken: boolean;
  /** Of `bcast`; byte strings. */
  readonly prefixes: readonly string[];
  /** By which connections its commands go, in place of those that clients share. */
  laneFor(lane: number): number;
  /** It has read these keys, byte strings, where nobody tracks them: they count as changed. */
  readUntracked(keys: readonly string[]): void;
  /** The client is gone, or tracks no more. */
  end(): void;
}

/** `skip`: not this command and not the next one. */
export type ReplyMode = 'on' | 'off' | 'skip';

/** What CLIENT LIST tells of a client. */
export interface ConnectedClient {
  readonly clientId: number;
  /** 127.0.0.1:52000 */
  readonly remoteAddr: string;
  readonly localAddr: string;
  readonly connectedAtMs: number;
  readonly clientName: string;
  readonly libName: string;
  readonly libVersion: string;
  /** `default`, or one of the servers' access lists; a byte string. */
  readonly user: string;
  readonly noEvict: boolean;
  readonly noTouch: boolean;
  readonly protocol: Protocol;
  readonly database: number;
  readonly mode: SessionMode | null;
  /** Null: it has never listened to anything. */
  readonly subscriptions: ClientListening | null;
  readonly tracking: ClientTracking | null;
  /** False: it is about to be closed, or has been. */
  readonly isOpen: boolean;
  /** Since it has sent anything. */
  readonly idleSeconds: number;
  /** Bytes of a command that is not complete, or waits. */
  readonly pendingInput: number;
  /** Bytes of replies that the client has not taken. */
  readonly pendingOutput: number;
  /** Sends whole frames that are no reply: messages, invalidations. */
  push(frames: Buffer): void;
  /** Cuts the connection. */
  destroy(): void;
}

/** Sums over the worker's process since its start. */
export interface ProxyFacts {
  readonly port: number;
  readonly startedAtMs: number;
  readonly connectedClients: number;
  readonly connectionsAccepted: number;
  readonly commandsProcessed: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Clients that track keys, and the prefixes that they name. */
  readonly trackingClients: number;
  readonly trackingPrefixes: number;
}

/**
 * A state of a client in which its commands mean something else: between MULTI and EXEC, or as a
 * subscriber. While it is set (`LocalContext.mode`), each command is decided about here.
 */
export interface SessionMode {
  /** As `decide`, which it may ask. */
  decide(
    found: CommandRow | null,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    client: LocalContext,
  ): Decision;

  /** The client is gone, or has been RESET. */
  end(): void;
}
