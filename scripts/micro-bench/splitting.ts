import { lookup } from '../../proxy/command/command-table.js';
import { Request, type RequestOwner } from '../../proxy/request.js';
import type { Router } from '../../proxy/router/router.js';
import { FanOut } from '../../proxy/session/fan-out.js';
import { FrameProgress } from '../../resp/frame-progress.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { MicroCase } from './micro-case.js';

/** Stands for one of two servers, and its connection. */
class HalfOfAll {
  readonly isCongested = false;
  reply: Buffer = Buffer.alloc(0);

  lane(): this {
    return this;
  }
}

/** Stands for the router: two servers, slots alternating, that answer as they are prepared to. */
class TwoServers {
  readonly servers: readonly HalfOfAll[] = [new HalfOfAll(), new HalfOfAll()];
  readonly sent: { readonly request: Request; readonly keys: number }[] = [];

  serverOf(slotId: number): HalfOfAll {
    return this.servers[slotId & 1]!;
  }

  send(request: Request, bytes: Buffer, start: number, end: number): void {
    const keys = Number.parseInt(bytes.toString('latin1', start + 1, Math.min(end, start + 8)), 10);
    this.sent.push({ request, keys: keys - 1 });
  }
}

const ELEMENT = `$32\r\n${'v'.repeat(32)}\r\n`;

/** MGET of so many keys over two servers: the command split, the replies merged. */
function mget(keyCount: number): MicroCase {
  const keys = Array.from(
    { length: keyCount },
    (_, index) => `$16\r\nkey:${String(index * 7919).padStart(12, '0')}\r\n`,
  );
  const bytes = Buffer.from(`*${keyCount + 1}\r\n$4\r\nMGET\r\n${keys.join('')}`);
  const framer = new RequestFramer();
  framer.frame(bytes, 0, bytes.length, new FrameProgress(), true);
  const { argStarts, argEnds, argCount } = framer;
  const end = bytes.length;
  const command = { bytes, start: 0, end, isOwned: false, argStarts, argEnds, argCount };
  const row = lookup(bytes, argStarts[0]!, argEnds[0]!)!;
  const servers = new TwoServers();
  // A class with private state, of which a fan-out uses the methods above.
  const router = servers as unknown as Router;
  let answeredBytes = 0;
  const owner: RequestOwner = {
    origin: {},
    onReply: (_request, _bytes, from, to) => {
      answeredBytes += to - from;
    },
  };
  const replies = new Map<number, Buffer>();
  const replyOf = (count: number): Buffer => {
    const reply = replies.get(count) ?? Buffer.from(`*${count}\r\n${ELEMENT.repeat(count)}`);
    replies.set(count, reply);
    return reply;
  };
  return {
    name: `MGET of ${keyCount} keys split and merged`,
    run(times) {
      for (let time = 0; time < times; time++) {
        FanOut.send(new Request(owner, row, 0, 0, 0), command, 1, router);
        for (const { request, keys: count } of servers.sent) {
          const reply = replyOf(count);
          request.owner.onReply(request, reply, 0, reply.length, false);
        }
        servers.sent.length = 0;
      }
      return answeredBytes;
    },
  };
}

export const splitting: readonly MicroCase[] = [mget(10), mget(100)];
