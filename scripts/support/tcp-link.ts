import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A port that leads to another one, until it is cut: a network that can fail. */
export class TcpLink {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What comes in on the one goes out on the other. */
  readonly #ways = new Set<readonly [from: Socket, to: Socket]>();
  #state: 'open' | 'stalled' | 'cut' = 'open';

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (inward) => this.#join(inward));
  }

  static async to(target: number): Promise<TcpLink> {
    const link = new TcpLink(target);
    await link.#listen(0, '127.0.0.1');
    return link;
  }

  /** A link at another address of this machine, with the target's own port. */
  static async at(host: string, target: number): Promise<TcpLink> {
    const link = new TcpLink(target);
    await link.#listen(target, host);
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections there are, and those that come until {@link mend}. What was held is lost. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Holds what comes, both ways and without a sign, until {@link mend} or {@link cut}. */
  stall(): void {
    this.#state = 'stalled';
    for (const [from, to] of this.#ways) {
      from.unpipe(to);
      from.pause();
    }
  }

  mend(): void {
    if (this.#state === 'stalled') for (const [from, to] of this.#ways) from.pipe(to);
    this.#state = 'open';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  #join(inward: Socket): void {
    if (this.#state === 'cut') {
      inward.destroy();
      return;
    }
    const outward = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    for (const way of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      const [one, other] = way;
      this.#sockets.add(one);
      this.#ways.add(way);
      if (this.#state === 'stalled') one.pause();
      else one.pipe(other);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        this.#ways.delete(way);
        other.destroy();
      });
    }
  }
}
