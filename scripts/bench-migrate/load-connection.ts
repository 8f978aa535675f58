import { connect, type Socket } from 'node:net';
import type { Waits } from './latency.js';

interface Sent {
  readonly at: number;
  /** The whole reply. */
  readonly expected: string;
}

/** A client that sends without waiting, and checks each reply byte by byte. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #waits: Waits;
  readonly #onReply: () => void;
  readonly #onFailure: (message: string) => void;
  #unsent = '';
  #sent: Sent[] = [];
  /** Index of the first one in `#sent` that is not answered. */
  #next = 0;
  #received = '';

  private constructor(socket: Socket, waits: Waits, callbacks: Callbacks) {
    this.#socket = socket;
    this.#waits = waits;
    this.#onReply = callbacks.onReply;
    this.#onFailure = callbacks.onFailure;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#receive(String(text)));
    socket.on('error', (error) => this.#onFailure(error.message));
    socket.on('close', () => this.#onFailure('the proxy closed a connection'));
  }

  /** @param waits gets the milliseconds from the sending of each command to its reply */
  static open(port: number, waits: Waits, callbacks: Callbacks): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new LoadConnection(socket, waits, callbacks));
      });
    });
  }

  get unanswered(): number {
    return this.#sent.length - this.#next;
  }

  /** Takes a command; `flush` sends it. */
  add(request: string, expected: string): void {
    this.#unsent += request;
    this.#sent.push({ at: performance.now(), expected });
  }

  flush(): void {
    if (this.#unsent === '') return;
    this.#socket.write(this.#unsent, 'latin1');
    this.#unsent = '';
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const now = performance.now();
    this.#received = this.#received === '' ? text : this.#received + text;
    let at = 0;
    for (;;) {
      const sent = this.#sent[this.#next];
      if (!sent || this.#received.length - at < sent.expected.length) break;
      if (!this.#received.startsWith(sent.expected, at)) break;
      at += sent.expected.length;
      this.#waits.add(now - sent.at);
      this.#next++;
      this.#onReply();
    }
    this.#received = this.#received.slice(at);
    this.#checkRest();
    if (this.#next > 1000) {
      this.#sent = this.#sent.slice(this.#next);
      this.#next = 0;
    }
  }

  /** What is left over must be the beginning of the next reply. */
  #checkRest(): void {
    if (this.#received === '') return;
    const expected = this.#sent[this.#next]?.expected ?? '';
    if (expected.startsWith(this.#received)) return;
    const got = this.#received.slice(0, 120);
    this.#onFailure(`expected ${JSON.stringify(expected)} and got ${JSON.stringify(got)}`);
    this.#socket.destroy();
  }
}

interface Callbacks {
  readonly onReply: () => void;
  readonly onFailure: (message: string) => void;
}
