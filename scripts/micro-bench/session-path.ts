import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { COMMAND_COUNT } from '../../proxy/command/command-rows.js';
import { LearnedCommands } from '../../proxy/command/learned-commands.js';
import { ClusterAccess } from '../../proxy/operation/cluster-access.js';
import type { Request } from '../../proxy/request.js';
import type { Router } from '../../proxy/router/router.js';
import { MemoryGuard } from '../../proxy/session/memory-guard.js';
import { Session } from '../../proxy/session/session.js';
import { Traffic } from '../../proxy/session/traffic.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { MicroCase } from './micro-case.js';

const BATCH = 64;
const OK = Buffer.from('+OK\r\n');

/** Takes everything written to it at once, as a socket with room in the kernel does. */
class NullSocket extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** Stands for router, server and backend: notes what is sent. */
class Sent {
  readonly requests: Request[] = [];
  readonly isCongested = false;

  serverOf(): this {
    return this;
  }

  lane(): this {
    return this;
  }

  send(request: Request): void {
    this.requests.push(request);
  }
}

/**
 * A batch of pipelined SETs through a session, sockets and servers left out: framing, look-up,
 * hashing, queueing, and the replies back in order.
 *
 * @param answerOrder the places in the batch, in the order in which the servers answer
 */
function throughSession(name: string, answerOrder: readonly number[]): MicroCase {
  const sent = new Sent();
  // Both are classes with private state, of which a session uses the methods above.
  const router = sent as unknown as Router;
  const socket = new NullSocket() as unknown as Socket;
  const session = new Session(socket, 1, 0, {
    router,
    cluster: new ClusterAccess(router),
    hasPeers: false,
    learnedCommands: new LearnedCommands(),
    memory: new MemoryGuard({
      outputPerClient: 2 ** 30,
      outputTotal: 2 ** 30,
      inputTotal: 2 ** 30,
    }),
    framer: new RequestFramer(),
    traffic: new Traffic(COMMAND_COUNT),
    settings: {
      password: '',
      databases: 16,
      backendConnections: 1,
      maxPipeline: 1024,
      maxPendingBytes: 2 ** 30,
    },
    proxyFacts: () => {
      throw new Error('INFO is not among the commands');
    },
    clients: () => [],
    onClosed: () => {},
  });
  const batch = Buffer.from(
    Array.from({ length: BATCH }, (_, index) => setCommand(index)).join(''),
  );
  return {
    name,
    run(times) {
      let answered = 0;
      while (answered < times) {
        session.receivedChunk(batch);
        const { requests } = sent;
        for (const place of answerOrder) {
          const request = requests[place]!;
          request.owner.onReply(request, OK, 0, OK.length, false);
        }
        answered += requests.length;
        requests.length = 0;
      }
      return answered;
    },
  };
}

function setCommand(index: number): string {
  const key = `key:${String(index).padStart(12, '0')}`;
  return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$32\r\n${'x'.repeat(32)}\r\n`;
}

const inOrder = Array.from({ length: BATCH }, (_, index) => index);
/** One server answers its half before the other one does. */
const halfByHalf = [
  ...inOrder.filter((index) => index % 2 === 1),
  ...inOrder.filter((index) => index % 2 === 0),
];

export const sessionPath: readonly MicroCase[] = [
  throughSession('SET through a session, replies in order', inOrder),
  throughSession('SET through a session, replies out of order', halfByHalf),
];
