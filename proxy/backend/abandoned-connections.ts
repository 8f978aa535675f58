import type { Socket } from 'node:net';

/**
 * Connections that we gave up while the server had commands of ours that it had not answered. It
 * may still execute them: it reads what is in its socket, then the end of our side, then closes.
 * Until it has, nobody may rely on those commands not being executed.
 */
export class AbandonedConnections {
  readonly #sockets = new Set<Socket>();
  #waiters: (() => void)[] = [];

  /** Ends our side of the connection and waits for the other one. Replies are read and dropped. */
  add(socket: Socket): void {
    if (socket.destroyed) return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#remove(socket));
    socket.end();
  }

  get isEmpty(): boolean {
    return this.#sockets.size === 0;
  }

  /** Resolves when the servers have closed all of them. */
  settled(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** Cuts them: what becomes of their commands is of no interest any more. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #remove(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
