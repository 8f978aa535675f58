import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../bench/workload.js';
import type { Case } from './case-run.js';
import { atMost, type Figure, megabytes, told } from './figure.js';
import { ManyClients } from './many-clients.js';
import { ProxyProcess } from './proxy-process.js';

const GET = command('GET', 'absent');
const NIL = '$-1\r\n';
/** So many come and go before memory is looked at for the first time. */
const WARM_UP_CLIENTS = 500;
/** Until what a proxy needs only for connecting is free again. */
const SETTLE_MS = 3_000;
const KB = 1024;

const KB_A_CONNECTION = 8;
const STORM_SECONDS = 5;

/** What a connection takes that has had one command answered and is idle. */
export const idleConnections: Case = async ({ options, masters, say }) => {
  const { connections } = options;
  const maxClients = Math.max(connections, WARM_UP_CLIENTS);
  const proxy = await ProxyProcess.start(`max_clients=${maxClients}`, masters);
  try {
    const first = await ManyClients.open(proxy.port, WARM_UP_CLIENTS, GET, NIL);
    first.close();
    await sleep(SETTLE_MS);
    const before = await proxy.figures();
    say(`idle: ${connections} connections`);
    const clients = await ManyClients.open(proxy.port, connections, GET, NIL);
    await sleep(SETTLE_MS);
    const after = await proxy.figures();
    clients.assertFine();
    clients.close();
    const perConnection = (after.rssBytes - before.rssBytes) / connections / KB;
    const heap = (after.heapBytes - before.heapBytes) / connections / KB;
    return [
      atMost(`${connections} idle connections: each`, KB_A_CONNECTION, perConnection, ' KB'),
      told('of that on the JavaScript heap', `${heap.toFixed(2)} KB`),
      told(
        'the process with and without',
        `${megabytes(after.rssBytes)}, ${megabytes(before.rssBytes)}`,
      ),
    ];
  } finally {
    await proxy.stop();
  }
};

/** Clients that connect at once, as after a network's failure, each with a first command. */
export const connectionStorm: Case = async ({ options, masters, say }) => {
  const { connections } = options;
  const figures: Figure[] = [];
  const proxy = await ProxyProcess.start(`max_clients=${connections}`, masters);
  try {
    // The second time is that of a proxy whose clients come back.
    for (const what of ['for the first time', 'once more']) {
      say(`storm: ${connections} clients ${what}`);
      const start = performance.now();
      const clients = await ManyClients.open(proxy.port, connections, GET, NIL);
      const seconds = (performance.now() - start) / 1000;
      clients.assertFine();
      clients.close();
      while ((await proxy.figures()).clients > 0) await sleep(10);
      figures.push(
        atMost(`${connections} clients ${what}: all served after`, STORM_SECONDS, seconds, ' s'),
      );
    }
    return figures;
  } finally {
    await proxy.stop();
  }
};
