import { connect, type Socket } from 'node:net';
import type { Address } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';

/** A silent target is not waited for longer than this. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * A connection that sends bytes and checks that exactly the expected bytes come back. It decodes
 * nothing, so it takes little time to fill a server with keys.
 */
export class RawConnection {
  readonly #name: string;
  readonly #socket: Socket;
  #expected: Buffer | null = null;
  #received = 0;
  #settle: ((error: Error | null) => void) | null = null;

  private constructor(name: string, socket: Socket) {
    this.#name = name;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => this.#fail('did not answer in time'));
    socket.on('data', (chunk) => this.#compare(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('closed the connection'));
  }

  /** @param name names the target in errors. */
  static open(name: string, { host, port }: Address): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: host || '127.0.0.1', port });
      const refuse = (error: Error): void =>
        reject(new OperatorError(`${name} cannot be reached at ${host}:${port}: ${error.message}`));
      socket.once('error', refuse);
      socket.once('connect', () => {
        socket.off('error', refuse);
        resolve(new RawConnection(name, socket));
      });
    });
  }

  /** @throws OperatorError if anything but `expected` is answered to `request`. */
  exchange(request: Buffer, expected: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#expected = expected;
      this.#received = 0;
      this.#settle = (error) => (error ? reject(error) : resolve());
      this.#socket.write(request);
    });
  }

  /** Sends a command whose answer is not waited for; nothing may be exchanged after it. */
  send(request: Buffer): void {
    this.#socket.setTimeout(0);
    this.#socket.write(request);
  }

  close(): void {
    this.#settle = null;
    this.#socket.destroy();
  }

  #compare(chunk: Buffer): void {
    const expected = this.#expected;
    if (!expected) return;
    const end = this.#received + chunk.length;
    if (end > expected.length || !expected.subarray(this.#received, end).equals(chunk)) {
      const line = chunk.toString('latin1').split('\r\n', 1)[0]!.slice(0, 120);
      this.#fail(`answered unexpectedly: "${line}"`);
      return;
    }
    this.#received = end;
    if (end < expected.length) return;
    this.#expected = null;
    this.#settle?.(null);
    this.#settle = null;
  }

  #fail(why: string): void {
    this.#expected = null;
    this.#settle?.(new OperatorError(`${this.#name} ${why}`));
    this.#settle = null;
    this.#socket.destroy();
  }
}

/** True if somebody there answers a GET, be it with an error reply. */
export function answersGet({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: host || '127.0.0.1', port });
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.write('*2\r\n$3\r\nGET\r\n$1\r\nx\r\n'));
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
