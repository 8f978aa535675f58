import { createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { movingNotice } from '../command/local/maintenance.js';
import { adoptSocket, type ReadTarget } from '../io/adopt-socket.js';
import { blockedClientsOf } from '../operation/blocking/blocked-clients.js';
import { monitorsOf } from '../operation/monitor.js';
import { drain, LEAVE_GRACE_MS } from './drain.js';
import { Session } from './session.js';
import type { SessionServices } from './session-services.js';

/** How often sessions are looked at for idleness. */
export const SWEEP_MS = 1000;
const TOO_MANY_CLIENTS = '-ERR max number of clients reached\r\n';

export interface ListenerOptions {
  /** Beyond, clients are told so and closed. */
  readonly maxClients: number;
  /** A client that sends nothing for this time is closed; 0: never. */
  readonly idleTimeoutMs: number;
  /** `adopted`: read into our own buffers if this Node can; `plain`: by its documented API. */
  readonly sockets: 'adopted' | 'plain';
  readonly firstClientId: number;
  /** Between one client's id and the next one's: other workers use those in between. */
  readonly clientIdStep: number;
}

/** Accepts clients and knows the sessions that live. */
export class Listener {
  readonly #services: SessionServices;
  readonly #options: ListenerOptions;
  readonly #sessions = new Set<Session>();
  readonly #server: Server;
  #nextClientId: number;

  /** @param services all but `onClosed`, which is the listener's own */
  constructor(services: Omit<SessionServices, 'onClosed'>, options: ListenerOptions) {
    this.#services = { ...services, onClosed: (session: Session) => this.#forget(session) };
    this.#options = options;
    monitorsOf(services.cluster).onChange = () => {
      for (const session of this.#sessions) session.updatePlain();
    };
    this.#nextClientId = options.firstClientId;
    // Half-open, so that a client that has sent its last command still gets its replies.
    this.#server = createServer({
      noDelay: true,
      keepAlive: true,
      allowHalfOpen: true,
      pauseOnConnect: true,
    });
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
  }

  get sessions(): Iterable<Session> {
    return this.#sessions;
  }

  get clientCount(): number {
    return this.#sessions.size;
  }

  /** @returns the address bound. @throws OperatorError if it is taken or not ours. */
  listen({ host, port }: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        const taken = error.code === 'EADDRINUSE';
        const what = taken ? 'is in use by another process' : `cannot be used (${error.code})`;
        reject(
          new OperatorError(`the address ${host}:${port} ${what}`, {
            hint: 'choose another with --addr=host:port',
            cause: error,
          }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen({ host: host || undefined, port, backlog: 4096 }, () => {
        this.#server.off('error', onError);
        const bound = this.#server.address();
        const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
        resolve({ host, port: boundPort });
      });
    });
  }

  /** To be called every SWEEP_MS. */
  sweep(): void {
    const limit = this.#options.idleTimeoutMs / SWEEP_MS;
    for (const session of this.#sessions) {
      session.sweep();
      const isIdle = session.isIdle && !session.isListening;
      if (limit > 0 && session.idleSweeps > limit && isIdle) session.destroy();
    }
  }

  /** To be called some times a second. */
  guardMemory(): void {
    this.#services.memory.look(this.#sessions);
  }

  /**
   * Stops accepting, and ends the sessions without losing a reply: see drain.ts.
   *
   * @param successors host:port of other proxies, for clients that ask to be told where to go
   */
  async drain(timeoutMs: number, successors: readonly string[] = []): Promise<void> {
    this.#stopListening();
    this.#announce(successors);
    await drain(this.#sessions, blockedClientsOf(this.#services.cluster), timeoutMs);
    this.close();
  }

  #announce(successors: readonly string[]): void {
    const seconds = Math.ceil(LEAVE_GRACE_MS / 1000);
    const seq = Math.floor(Date.now() / 1000);
    let index = this.#sessions.size;
    for (const session of this.#sessions) {
      const successor = successors[index++ % successors.length] ?? null;
      const notice = movingNotice(session, seq, seconds, successor);
      if (notice !== null) session.push(notice);
    }
  }

  /** Cuts everything at once. */
  close(): void {
    this.#stopListening();
    for (const session of [...this.#sessions]) session.destroy();
  }

  #stopListening(): void {
    if (this.#server.listening) this.#server.close();
  }

  #accept(accepted: Socket): void {
    if (this.#sessions.size >= this.#options.maxClients) {
      this.#services.traffic.rejected++;
      accepted.on('error', () => accepted.destroy());
      accepted.end(TOO_MANY_CLIENTS, () => accepted.destroy());
      return;
    }
    const reader = new SessionReader();
    const adopted =
      this.#options.sockets === 'plain' ? null : adoptSocket(accepted, this.#server, reader);
    const socket = adopted ?? accepted;
    const session = new Session(
      socket,
      this.#nextClientId,
      this.#services.traffic.accepted,
      this.#services,
    );
    this.#nextClientId += this.#options.clientIdStep;
    this.#services.traffic.accepted++;
    this.#sessions.add(session);
    reader.session = session;
    if (adopted === null) socket.on('data', (chunk: Buffer) => session.receivedChunk(chunk));
    socket.resume();
  }

  #forget(session: Session): void {
    this.#sessions.delete(session);
    this.#services.traffic.bytesOut += session.bytesOut;
  }
}

/** Passes reads on to a session that is made after its socket. */
class SessionReader implements ReadTarget {
  session: Session | null = null;

  target(): Buffer {
    return this.session === null ? ReceiveBuffer.sharedTarget : this.session.target();
  }

  received(count: number, into: Buffer): void {
    this.session!.received(count, into);
  }
}
