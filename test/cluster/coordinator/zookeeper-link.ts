import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { FrameSplitter } from '../../../cluster/coordinator/zookeeper-frames.js';

/** What to do with a frame of the server: pass it on (as it is or changed), or end with it. */
export type Verdict = 'pass' | { cutAfter: number };

const XID_AT = 4;

/** A way to a ZooKeeper server that sees its frames and can spoil or cut them. */
export class ZooKeeperLink {
  /** The numbers of the requests that came through, over all connections. */
  readonly requestXids: number[] = [];
  /** Judges the server's answers to requests (not pings, not events); may change the frame. */
  onAnswer: (frame: Buffer) => Verdict = () => 'pass';
  /** Judges the first frame of each connection, by which the server grants a session. */
  onHandshake: (frame: Buffer) => Verdict = () => 'pass';
  #isCut = false;
  readonly #sockets = new Set<Socket>();
  readonly #server;

  constructor(target: number) {
    this.#server = createServer((inward) => this.#join(inward, connect(target, '127.0.0.1')));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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

  #join(inward: Socket, outward: Socket): void {
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    if (this.#isCut) inward.destroy();

    const requests = new FrameSplitter();
    let isFirst = true;
    inward.on('data', (chunk: Buffer) => {
      for (const frame of requests.push(chunk)) {
        if (!isFirst) this.requestXids.push(frame.readInt32BE(XID_AT));
        isFirst = false;
      }
      outward.write(chunk);
    });

    const answers = new FrameSplitter();
    let isHandshake = true;
    outward.on('data', (chunk: Buffer) => {
      for (const frame of answers.push(chunk)) {
        const verdict = this.#judge(frame, isHandshake);
        isHandshake = false;
        if (verdict === 'pass') {
          inward.write(frame);
          continue;
        }
        inward.end(frame.subarray(0, verdict.cutAfter));
        return;
      }
    });
  }

  #judge(frame: Buffer, isHandshake: boolean): Verdict {
    if (isHandshake) return this.onHandshake(frame);
    return frame.readInt32BE(XID_AT) > 0 ? this.onAnswer(frame) : 'pass';
  }
}
