import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A port on 127.0.0.1 that leads to another one, until it is cut: a network that can fail. */
export class TcpLink {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((inward) => this.#join(inward));
  }

  static async to(target: number): Promise<TcpLink> {
    const link = new TcpLink(target);
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections there are, and those that come until {@link mend}. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(inward: Socket): void {
    if (this.#isCut) {
      inward.destroy();
      return;
    }
    const outward = connect(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
