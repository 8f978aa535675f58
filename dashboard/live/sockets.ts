import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../../base/log.js';
import type { Handle } from '../../cluster/coordinator/coordinator.js';
import { LIVE_CLOSE, type LiveState } from '../api/live-contract.js';
import type { Collector } from './collector.js';
import { updateBetween } from './update.js';

/** Twenty operators with some windows each are a hundredth of it. */
const MAX_CLIENTS = 2_000;
/** Clients have nothing to say. */
const MAX_MESSAGE_BYTES = 1_024;
/** What may wait for a client to read; beyond, it gets nothing until it has read all of it. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** A client that reads nothing for so long is closed; if it is well again it comes back. */
const MAX_BEHIND_MS = 15_000;
const HEARTBEAT_MS = 15_000;
/** For our last word to arrive. */
const GOODBYE_MS = 500;

/** What there is to show, and when it has changed. */
export type StateSource = Pick<Collector, 'state' | 'attend'>;

/** Whether the client may still see what it is shown, asked at every heartbeat. */
export type StillAllowed = () => boolean;

interface Client {
  readonly socket: WebSocket;
  readonly isAllowed: StillAllowed;
  /** `new`: has seen nothing yet; `behind`: gets a whole state when it has read what waits. */
  phase: 'new' | 'live' | 'behind';
  behindSince: number;
  hasAnswered: boolean;
}

/**
 * The browsers that look at the cluster. Each message is encoded once, for all of them; what waits
 * for one of them to read is bounded, so a thousand that read nothing need no memory.
 */
export class LiveSockets {
  readonly #source: StateSource;
  readonly #maxBehindMs: number;
  readonly #log: Logger;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<Client>();
  readonly #heartbeat: NodeJS.Timeout;
  #attending: Handle | null = null;

  constructor(source: StateSource, log: Logger, maxBehindMs = MAX_BEHIND_MS) {
    this.#source = source;
    this.#log = log;
    this.#maxBehindMs = maxBehindMs;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      // It costs a compressor for each client; a message is read in a local network.
      perMessageDeflate: false,
    });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Makes a WebSocket of a request that has been checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, isAllowed: StillAllowed): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      if (this.#clients.size >= MAX_CLIENTS) {
        webSocket.close(LIVE_CLOSE.tooMany, 'too many browsers');
        return;
      }
      this.#add({
        ...{ socket: webSocket, isAllowed, phase: 'new', behindSince: 0, hasAnswered: true },
      });
    });
  }

  /** Says goodbye to all. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#attending?.close();
    const left = [...this.#clients];
    this.#clients.clear();
    for (const { socket } of left) socket.close(LIVE_CLOSE.ending, 'the dashboard ends');
    setTimeout(() => {
      for (const { socket } of left) socket.terminate();
    }, GOODBYE_MS).unref();
    this.#server.close();
  }

  #add(client: Client): void {
    const { socket } = client;
    this.#clients.add(client);
    socket.on('pong', () => {
      client.hasAnswered = true;
    });
    // A broken connection or frame: `close` follows.
    socket.on('error', (error) => this.#log.debug({ reason: error.message }, 'browser cut off'));
    socket.on('close', () => this.#remove(client));
    const { state } = this.#source;
    if (state) this.#show(client, encode({ type: 'snapshot', state }));
    this.#attending ??= this.#source.attend((before, after) => this.#publish(before, after));
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#attending?.close();
    this.#attending = null;
  }

  #publish(before: LiveState | null, after: LiveState): void {
    const update = before ? encode(updateBetween(before, after)) : null;
    let snapshot: Buffer | null = null;
    const now = performance.now();
    for (const client of this.#clients) {
      const unread = client.socket.bufferedAmount;
      if (client.phase === 'live' && update && unread <= MAX_UNREAD_BYTES) {
        client.socket.send(update, { binary: false });
      } else if (unread === 0) {
        snapshot ??= encode({ type: 'snapshot', state: after });
        this.#show(client, snapshot);
      } else if (client.phase !== 'behind') {
        client.phase = 'behind';
        client.behindSince = now;
      } else if (now - client.behindSince > this.#maxBehindMs) {
        // It would not read our words either.
        client.socket.terminate();
      }
    }
  }

  #show(client: Client, snapshot: Buffer): void {
    client.phase = 'live';
    client.socket.send(snapshot, { binary: false });
  }

  #beat(): void {
    for (const client of this.#clients) {
      if (!client.isAllowed()) {
        client.socket.close(LIVE_CLOSE.unauthorized, 'signed out');
      } else if (!client.hasAnswered) {
        client.socket.terminate();
      } else {
        client.hasAnswered = false;
        client.socket.ping();
      }
    }
  }
}

/** A buffer, which many sockets may send without a copy each. */
function encode(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}
