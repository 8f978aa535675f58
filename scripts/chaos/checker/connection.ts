import { connect, type Socket } from 'node:net';
import { decodeReply, type Value } from '../../../resp/decode.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import { asResp2 } from './resp2.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** Of servers and proxies, where they have one. */
export const PASSWORD = 'chaos';

/** A reply, or null if the connection ended, or the time did, before it came. */
export interface Answer {
  readonly value: Value | null;
  /** `performance.now()` */
  readonly received: number;
}

/** A client's connection: sends a pipeline at once and waits for its replies. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #answers: Answer[] = [];
  #commands: readonly (readonly string[])[] = [];
  #done: (() => void) | null = null;
  #end = '';
  #database = 0;

  /**
   * Gives the password; replies are RESP2's whatever the protocol.
   *
   * @throws if nobody listens
   */
  static async open(port: number, protocol: 2 | 3 = 2): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('no connection')));
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    socket.setTimeout(0);
    const connection = new Connection(socket);
    await connection.#introduce(protocol);
    return connection;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#onEnd(error.message));
    socket.on('close', () => this.#onEnd('closed by the other side'));
  }

  /** @throws if it is not answered, or in another protocol */
  async #introduce(protocol: 2 | 3): Promise<void> {
    // Where there is no password that is an error, of no interest.
    const [auth] = await this.exchange([['AUTH', PASSWORD]], CONNECT_TIMEOUT_MS);
    if (auth?.value === null) throw new Error(`AUTH: ${this.#end}`);
    if (protocol === 3) await this.call('HELLO', '3');
  }

  get isOpen(): boolean {
    return this.#end === '';
  }

  /** Why it ended; empty: it did not. */
  get end(): string {
    return this.#end;
  }

  /**
   * Sends commands (byte strings) and waits for all replies. After the time the connection is
   * closed: replies that come later would be taken for those of other commands.
   */
  async exchange(
    commands: readonly (readonly string[])[],
    timeoutMs: number,
  ): Promise<readonly Answer[]> {
    this.#answers = [];
    this.#commands = commands;
    if (this.isOpen) {
      const answered = new Promise<void>((resolve) => {
        this.#done = resolve;
      });
      const timer = setTimeout(() => this.#onEnd(`no reply within ${timeoutMs} ms`), timeoutMs);
      this.#socket.write(Buffer.concat(commands.map(encodeMultibulk)));
      await answered;
      clearTimeout(timer);
    }
    const received = performance.now();
    while (this.#answers.length < commands.length) this.#answers.push({ value: null, received });
    return this.#answers;
  }

  /** {@link exchange} in a database: selects it if it is not selected yet. */
  async exchangeIn(
    database: number,
    commands: readonly (readonly string[])[],
    timeoutMs: number,
  ): Promise<readonly Answer[]> {
    if (database === this.#database) return this.exchange(commands, timeoutMs);
    const select = ['SELECT', String(database)];
    const [selected, ...answers] = await this.exchange([select, ...commands], timeoutMs);
    const { value } = selected!;
    if (value?.value === 'OK') this.#database = database;
    else this.#onEnd(`SELECT: ${value?.value ?? 'not answered'}`);
    return answers;
  }

  /** One command. @throws if it is not answered, or with an error */
  async call(...args: string[]): Promise<Value> {
    const [answer] = await this.exchange([args], CONNECT_TIMEOUT_MS);
    const value = answer?.value ?? null;
    if (value === null) throw new Error(`${args[0]}: ${this.#end}`);
    if (value.type === 'error') throw new Error(`${args[0]}: ${value.value}`);
    return value;
  }

  close(): void {
    this.#onEnd('closed by us');
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
    const now = performance.now();
    let at = 0;
    for (;;) {
      const decoded = decodeReply(this.#received, at);
      if (decoded === null) break;
      at = decoded.end;
      const command = this.#commands[this.#answers.length] ?? [];
      this.#answers.push({ value: asResp2(decoded.value, command), received: now });
    }
    this.#received = this.#received.subarray(at);
    if (this.#answers.length >= this.#commands.length) this.#finish();
  }

  #onEnd(reason: string): void {
    if (!this.isOpen) return;
    this.#end = reason;
    this.#socket.destroy();
    this.#finish();
  }

  #finish(): void {
    this.#done?.();
    this.#done = null;
  }
}
