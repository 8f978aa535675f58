import type { Protocol } from '../../resp/encode.js';

/**
 * What the local commands know of the client they answer, and do to it; a session implements it.
 * Text from clients (names, library names) is kept as byte strings: one character a byte, so that
 * it goes back as it came ('latin1').
 */
export interface LocalContext {
  readonly clientId: number;
  /** 127.0.0.1:52000 */
  readonly remoteAddr: string;
  readonly localAddr: string;
  readonly connectedAtMs: number;
  /** The protocol that replies to this client are written in. */
  protocol: Protocol;
  /** The database its commands are executed in: 0 to `databases` - 1. */
  database: number;
  readonly databases: number;
  /** What clients must give; empty: none. */
  readonly password: string;
  authenticated: boolean;
  /** Byte strings; empty if not set. */
  clientName: string;
  libName: string;
  libVersion: string;
  noEvict: boolean;
  noTouch: boolean;
  /** No more commands are read; the connection is closed when the replies so far are written. */
  closeAfterReply(): void;
  /** Facts for INFO about the whole proxy. */
  proxyFacts(): ProxyFacts;
}

/** Sums over the proxy process since its start. */
export interface ProxyFacts {
  readonly port: number;
  readonly startedAtMs: number;
  readonly connectedClients: number;
  readonly connectionsAccepted: number;
  readonly commandsProcessed: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}
