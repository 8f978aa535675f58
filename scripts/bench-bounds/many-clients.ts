import { connect, type Socket } from 'node:net';
import { OperatorError } from '../../base/errors.js';

/** Commands that were not answered by then never will be. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Connections that are all opened at once. */
export class ManyClients {
  readonly #sockets: Socket[] = [];
  /** What they met after their first reply. */
  #failure: string | null = null;

  /**
   * Opens the connections, and has each send the command and wait for its whole reply.
   *
   * @param reply what each gets, byte by byte
   * @throws OperatorError if one gets anything else
   */
  static async open(
    port: number,
    count: number,
    command: string,
    reply: string,
  ): Promise<ManyClients> {
    const clients = new ManyClients();
    try {
      await Promise.all(
        Array.from({ length: count }, () => clients.#openOne(port, command, reply)),
      );
    } catch (error) {
      clients.close();
      throw error;
    }
    return clients;
  }

  /** @throws OperatorError if one was closed, or has been sent anything, since its first reply */
  assertFine(): void {
    if (this.#failure !== null) throw new OperatorError(`a client ${this.#failure}`);
  }

  close(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('close');
      socket.destroy();
    }
  }

  #openOne(port: number, command: string, reply: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      this.#sockets.push(socket);
      let received = '';
      const fail = (what: string): void => {
        this.#failure ??= what;
        reject(new OperatorError(`a client ${what}`));
      };
      const timer = setTimeout(() => fail('got no answer'), ANSWER_TIMEOUT_MS);
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(command));
      socket.on('data', (text) => {
        received += text;
        if (!reply.startsWith(received)) fail(`got ${JSON.stringify(received.slice(0, 120))}`);
        if (received.length < reply.length) return;
        clearTimeout(timer);
        resolve();
      });
      socket.on('error', (error) => fail(`failed: ${error.message}`));
      socket.on('close', () => fail('was closed'));
    });
  }
}
