import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../bench/target.js';
import { command } from '../bench/workload.js';
import { Random } from '../support/random.js';
import type { Case } from './case-run.js';
import { atMost, megabytes, told } from './figure.js';
import { ProxyProcess } from './proxy-process.js';

const CLIENTS = 50;
const KEYS = 1_000;
const LARGE_BYTES = 200_000;
/** A client stays for so many pipelines at most. */
const MAX_PIPELINES = 200;
const MAX_PIPELINE = 32;
/** Memory is compared from this share of the time on. */
const WARM_UP_SHARE = 0.25;
const GROWTH_PERCENT = 10;
const SETTLE_MS = 5_000;
const POLL_MS = 500;

/** What they ask, and how they leave, is drawn from a seed; what they are answered is not looked at. */
class RestlessClients {
  readonly #port: number;
  readonly #random = new Random(1);
  #isEnding = false;
  replies = 0;
  connections = 0;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    for (let count = 0; count < CLIENTS; count++) this.#connect();
  }

  end(): void {
    this.#isEnding = true;
  }

  #connect(): void {
    if (this.#isEnding) return;
    this.connections++;
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    let pipelines = this.#random.whole(1, MAX_PIPELINES);
    const mark = `+${this.connections}\r\n`;
    const ask = (): void => {
      if (this.#isEnding || pipelines-- === 0) {
        this.#leave(socket);
        return;
      }
      socket.write(this.#pipeline() + command('PING', mark.slice(1, -2)));
    };
    let tail = '';
    const pong = `$${mark.length - 3}\r\n${mark.slice(1)}`;
    socket.on('connect', ask);
    socket.on('data', (chunk) => {
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 40))).slice(-40);
      if (!tail.endsWith(pong)) return;
      tail = '';
      this.replies++;
      ask();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#connect());
  }

  /** Politely, at once, in the midst of a command, or with replies under way. */
  #leave(socket: ReturnType<typeof connect>): void {
    const way = this.#random.whole(0, 3);
    if (way === 0) socket.write(command('QUIT'));
    else if (way === 1) socket.end();
    else if (way === 2) socket.write('*2\r\n$3\r\nGET\r\n$9\r\nhalf', () => socket.destroy());
    else socket.write(this.#pipeline(), () => socket.destroy());
  }

  #pipeline(): string {
    const count = this.#random.whole(1, MAX_PIPELINE);
    return Array.from({ length: count }, () => this.#command()).join('');
  }

  #command(): string {
    const key = (): string => `soak:${this.#random.whole(1, KEYS)}`;
    const kind = this.#random.whole(1, 100);
    if (kind <= 40) return command('GET', key());
    if (kind <= 70) return command('SET', key(), 'v'.repeat(this.#random.whole(1, 500)));
    if (kind <= 80) return command('MGET', key(), key(), key());
    if (kind <= 88) return command('MSET', key(), 'v', key(), 'v');
    if (kind <= 90) return command('SET', 'soak:large', 'v'.repeat(LARGE_BYTES));
    if (kind <= 92) return command('GET', 'soak:large');
    if (kind <= 94) return command('NONSENSE', key());
    if (kind <= 96) return command('SELECT', String(this.#random.whole(0, 1)));
    if (kind <= 98) return command('BLPOP', key(), '0.001');
    return command('EVAL', 'return 1', '1', key());
  }
}

/** How many connections a server has besides the one that asks. */
async function connectedClients({ address }: Target): Promise<number> {
  const socket = connect(address);
  socket.write('INFO clients\r\n');
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    const found = /connected_clients:(\d+)/.exec(text);
    if (found !== null) return Number(found[1]) - 1;
  }
  throw new Error('a server does not tell its clients');
}

/** Clients that come, ask for everything, and go in every way: nothing of them may stay. */
export const soak: Case = async ({ options, masters, servers, signal, say }) => {
  const proxy = await ProxyProcess.start('', masters);
  const clients = new RestlessClients(proxy.port);
  try {
    const before = await proxy.figures();
    clients.start();
    const startMs = performance.now();
    const totalMs = options.soakMinutes * 60_000;
    say(`soak: ${options.soakMinutes} min`);
    const elapsed = (): number => performance.now() - startMs;
    const samples: number[] = [];
    while (elapsed() < totalMs) {
      await sleep(POLL_MS, undefined, { signal });
      if (elapsed() > totalMs * WARM_UP_SHARE) samples.push((await proxy.figures()).rssBytes);
    }
    clients.end();
    await sleep(SETTLE_MS, undefined, { signal });
    const after = await proxy.figures();
    const third = Math.ceil(samples.length / 3);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const early = mean(samples.slice(0, third));
    const late = mean(samples.slice(-third));
    // Those to servers stay: of databases, of scripts, and of those that block.
    const atServers = await Promise.all(servers.backends.map(connectedClients));
    const strays = (after.resources.TCPSocketWrap ?? 0) - atServers[0]! - atServers[1]!;
    const timers = (after.resources.Timeout ?? 0) - (before.resources.Timeout ?? 0);
    return [
      atMost('soak: memory late to early', GROWTH_PERCENT, (late / early - 1) * 100, '%'),
      atMost('sessions left', 0, after.clients),
      atMost('sockets left that do not lead to servers', 0, strays),
      atMost('timers more than at the start', 0, timers),
      told('memory early, late', `${megabytes(early)}, ${megabytes(late)}`),
      told('connections, pipelines answered', `${clients.connections}, ${clients.replies}`),
    ];
  } finally {
    clients.end();
    await proxy.stop();
  }
};
