import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Whose connections are meant, by the address that they come from. */
export type Sources = (source: string) => boolean;

const ALL: Sources = () => true;

/** What comes in on the one goes out on the other. */
interface Way {
  readonly from: Socket;
  readonly to: Socket;
  readonly source: string;
  isFlowing: boolean;
}

/** A port that leads to another one, until it is cut: a network that can fail, for all or for some. */
export class TcpLink {
  readonly #target: number;
  readonly #server: Server;
  readonly #ways = new Set<Way>();
  #state: 'open' | 'stalled' | 'cut' = 'open';
  /** Who has to do with the state; for all others the link is open. */
  #sources: Sources = ALL;

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
  cut(sources: Sources = ALL): void {
    this.#become('cut', sources);
    for (const { from, source } of this.#ways) if (sources(source)) from.destroy();
  }

  /** Holds what comes, both ways and without a sign, until {@link mend} or {@link cut}. */
  stall(sources: Sources = ALL): void {
    this.#become('stalled', sources);
  }

  mend(): void {
    this.#become('open', ALL);
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #become(state: 'open' | 'stalled' | 'cut', sources: Sources): void {
    this.#state = state;
    this.#sources = sources;
    for (const way of this.#ways) this.#keep(way);
  }

  #keep(way: Way): void {
    const { from, to, source } = way;
    const isFlowing = this.#state !== 'stalled' || !this.#sources(source);
    if (isFlowing === way.isFlowing) return;
    way.isFlowing = isFlowing;
    if (isFlowing) {
      from.pipe(to);
    } else {
      from.unpipe(to);
      from.pause();
    }
  }

  #listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  #join(inward: Socket): void {
    const source = inward.remoteAddress ?? '';
    if (this.#state === 'cut' && this.#sources(source)) {
      inward.destroy();
      return;
    }
    const outward = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const sockets = [inward, outward] as const;
    for (const [from, to] of [sockets, sockets.toReversed() as [Socket, Socket]] as const) {
      const way: Way = { from, to, source, isFlowing: false };
      this.#ways.add(way);
      from.pause();
      this.#keep(way);
      from.once('error', () => to.destroy());
      from.once('close', () => {
        this.#ways.delete(way);
        to.destroy();
      });
    }
  }
}
