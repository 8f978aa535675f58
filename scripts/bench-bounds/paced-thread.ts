import { parentPort, workerData } from 'node:worker_threads';
import { latencyOf, Waits } from '../bench-migrate/latency.js';
import { LoadConnection } from '../bench-migrate/load-connection.js';
import type { PacedLoad, PacedReport } from './paced-orders.js';

/*
 * The clients of a paced load, in a thread of their own so that the measuring around them does not
 * delay them. Given a PacedLoad, tells a PacedReport.
 */

const LAST_REPLIES_TIMEOUT_MS = 30_000;

const load = workerData as PacedLoad;
const tell = (report: PacedReport): void => parentPort!.postMessage(report);
const fail = (message: string): void => tell({ type: 'failed', message });

async function run(): Promise<void> {
  const waits = new Waits();
  const connections: LoadConnection[] = [];
  for (let count = 0; count < load.connections; count++) {
    const callbacks = { onReply: () => {}, onFailure: fail };
    connections.push(await LoadConnection.open(load.port, waits, callbacks));
  }
  const start = performance.now();
  let lastTick = start;
  let due = 0;
  let sent = 0;
  let ownDelayMs = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      // A timer of one millisecond fires after one to two.
      ownDelayMs = Math.max(ownDelayMs, now - lastTick - 2);
      due += ((now - lastTick) / 1000) * load.rate;
      lastTick = now;
      for (; due >= 1; due--, sent++) {
        const { request, reply } = load.commands[sent % load.commands.length]!;
        connections[sent % connections.length]!.add(request, reply);
      }
      for (const connection of connections) connection.flush();
      if (now - start < load.seconds * 1000) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  const seconds = (performance.now() - start) / 1000;
  const deadline = Date.now() + LAST_REPLIES_TIMEOUT_MS;
  while (connections.some(({ unanswered }) => unanswered > 0)) {
    if (Date.now() > deadline) return fail('replies are missing');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const connection of connections) connection.close();
  tell({ type: 'result', latency: latencyOf(waits, seconds, ownDelayMs) });
}

run().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
