import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from '../../base/address.js';
import { RawConnection } from '../bench/raw-connection.js';
import { command } from '../bench/workload.js';
import type { Case } from './case-run.js';
import { atMost, megabytes, told } from './figure.js';
import { ManyClients } from './many-clients.js';
import { ProxyProcess } from './proxy-process.js';

const VALUE_BYTES = 10 * 1024 * 1024;
const KEY = 'large';
/** What the proxy may hold of replies that are not taken: the setting under test. */
const OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024;
/** Each asks for so many replies at once, and again when it has got them. */
const REPLIES_AT_ONCE = 2;
/** One that has been closed comes back after this time. */
const RETURN_MS = 1_000;
/** A reader takes what one read brings, up to 64 KB, so many times a second. */
const READS_A_SECOND = 10;
const SAMPLE_MS = 100;
const SETTLE_MS = 2_000;
const GROWTH_PERCENT = 10;

/** A client that asks for more than it reads, and comes back when it is closed. */
class SlowReader {
  readonly #port: number;
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | undefined;
  received = 0;
  /** How often the proxy has closed it. */
  closed = 0;

  constructor(port: number) {
    this.#port = port;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    this.#socket = socket;
    const ask = command('GET', KEY).repeat(REPLIES_AT_ONCE);
    const replyBytes = REPLIES_AT_ONCE * (`$${VALUE_BYTES}\r\n\r\n`.length + VALUE_BYTES);
    let missing = replyBytes;
    socket.write(ask);
    socket.on('data', (chunk) => {
      this.received += chunk.length;
      missing -= chunk.length;
      if (missing <= 0) {
        missing += replyBytes;
        socket.write(ask);
      }
      socket.pause();
      this.#timer = setTimeout(() => socket.resume(), 1000 / READS_A_SECOND);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed++;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connect(), RETURN_MS);
    });
  }
}

/** Clients that ask for large replies and take them slowly; others must not notice, nor memory. */
export const slowReaders: Case = async ({ options, masters, signal, say }) => {
  const ini = `total_output_limit=${OUTPUT_LIMIT_BYTES}\nclient_output_limit=${OUTPUT_LIMIT_BYTES}`;
  const proxy = await ProxyProcess.start(ini, masters);
  const readers: SlowReader[] = [];
  try {
    const address = { host: '127.0.0.1', port: proxy.port };
    const writer = await RawConnection.open(formatAddress(address), address);
    const value = command('SET', KEY, 'x'.repeat(VALUE_BYTES));
    const reply = `$${VALUE_BYTES}\r\n${'x'.repeat(VALUE_BYTES)}\r\n`;
    // The proxy has seen such values, and clients, before memory is looked at for the first time.
    for (let time = 0; time < 5; time++) {
      await writer.exchange(Buffer.from(value), Buffer.from('+OK\r\n'));
      await writer.exchange(Buffer.from(command('GET', KEY)), Buffer.from(reply));
    }
    (
      await ManyClients.open(proxy.port, options.readers, command('GET', 'absent'), '$-1\r\n')
    ).close();
    await sleep(SETTLE_MS);
    const before = await proxy.figures();
    say(`slow-readers: ${options.readers} for ${options.readSeconds} s`);
    for (let count = 0; count < options.readers; count++) readers.push(new SlowReader(proxy.port));
    let peak = 0;
    let longestMs = 0;
    const end = performance.now() + options.readSeconds * 1000;
    while (performance.now() < end && !signal.aborted) {
      const sentAt = performance.now();
      await writer.exchange(Buffer.from(command('GET', 'absent')), Buffer.from('$-1\r\n'));
      longestMs = Math.max(longestMs, performance.now() - sentAt);
      peak = Math.max(peak, (await proxy.figures()).rssBytes);
      await sleep(SAMPLE_MS);
    }
    const taken = readers.reduce((sum, { received }) => sum + received, 0);
    const closed = readers.reduce((sum, reader) => sum + reader.closed, 0);
    for (const reader of readers) reader.close();
    say(`slow-readers: ${options.restSeconds} s of rest`);
    await sleep(options.restSeconds * 1000, undefined, { signal });
    const after = await proxy.figures();
    writer.close();
    const limitMb = OUTPUT_LIMIT_BYTES / 2 ** 20;
    const growth = (after.rssBytes / before.rssBytes - 1) * 100;
    const name = `${options.readers} slow readers of 10 MB replies`;
    return [
      atMost(`${name}: more memory at most`, limitMb, (peak - before.rssBytes) / 2 ** 20, ' MB'),
      atMost(`the same, ${options.restSeconds} s later`, GROWTH_PERCENT, growth, '%'),
      told(
        'of buffers before and after',
        [before.bufferBytes, after.bufferBytes].map(megabytes).join(', '),
      ),
      told(
        'memory before, at most, after',
        [before.rssBytes, peak, after.rssBytes].map(megabytes).join(', '),
      ),
      told('taken by them; closed by the proxy', `${megabytes(taken)}; ${closed}`),
      told('longest wait of another client', `${longestMs.toFixed(0)} ms`),
    ];
  } finally {
    for (const reader of readers) reader.close();
    await proxy.stop();
  }
};
