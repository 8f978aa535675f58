import type { Server } from '../../backend/server.js';
import { Request, type RequestOwner } from '../../request.js';
import type { Router } from '../../router/router.js';
import type { ClusterAccess } from '../cluster-access.js';
import { type Subscriptions, subscriptionsOf } from './subscriptions.js';

const COLON = 0x3a;

/**
 * A message on its way to the owner of its channel's slot. The server counts this worker once for
 * each of its topics, however many of its clients listen: they are counted here instead.
 */
export class Publication implements RequestOwner {
  readonly origin: object;
  readonly #request: Request;
  readonly #subscriptions: Subscriptions;
  readonly #kind: 'channel' | 'shard';
  readonly #channel: string;
  readonly #destinationOf: (slotId: number) => Server | null;

  private constructor(
    request: Request,
    kind: 'channel' | 'shard',
    channel: string,
    subscriptions: Subscriptions,
    router: Router,
  ) {
    this.origin = request.owner.origin;
    this.#request = request;
    this.#kind = kind;
    this.#channel = channel;
    this.#subscriptions = subscriptions;
    this.#destinationOf = (slotId) => router.destinationOf(slotId);
  }

  /** @param request the client's, which is answered; @param channel a byte string */
  static send(
    request: Request,
    channel: string,
    bytes: Buffer,
    start: number,
    end: number,
    isOwned: boolean,
    cluster: ClusterAccess,
    router: Router,
  ): void {
    const subscriptions = subscriptionsOf(cluster);
    if (subscriptions.isEmpty) {
      router.send(request, bytes, start, end, isOwned);
      return;
    }
    const { row, slotId, lane, startedUs } = request;
    const kind = row.name === 'spublish' ? 'shard' : 'channel';
    const owner = new Publication(request, kind, channel, subscriptions, router);
    router.send(new Request(owner, row, slotId, lane, startedUs), bytes, start, end, isOwned);
  }

  onReply(sent: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const request = this.#request;
    if (bytes[start] !== COLON) {
      request.owner.onReply(request, bytes, start, end, isOwned);
      return;
    }
    const count = Number(bytes.toString('latin1', start + 1, end - 2));
    const server = this.#destinationOf(sent.slotId);
    const total =
      server === null
        ? count
        : this.#subscriptions.countedOneByOne(server.addr, this.#kind, this.#channel, count);
    const reply = Buffer.from(`:${total}\r\n`, 'latin1');
    request.owner.onReply(request, reply, 0, reply.length, true);
  }
}
