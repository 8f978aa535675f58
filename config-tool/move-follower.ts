import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../base/errors.js';
import { type DashboardClient, DashboardUnreachableError } from '../dashboard/api/client.js';
import type { JobReply } from '../dashboard/api/contract.js';
import { progressLine } from './move-view.js';

const LOOK_MS = 200;
/** A dashboard may be started again meanwhile, or another one take over. */
const AWAY_MS = 60_000;

/**
 * Waits until the job has ended, well or badly, or rests, or somebody presses Ctrl-C: then it goes
 * on by itself and is given as it was last seen.
 *
 * @param how `with a bar`: its progress on standard error, in one line; `quietly`: only errors
 * @throws DashboardUnreachableError if the dashboard stays away
 */
export async function followMove(
  client: DashboardClient,
  id: string,
  how: 'with a bar' | 'quietly',
): Promise<JobReply> {
  const left = new AbortController();
  const leave = () => left.abort();
  process.once('SIGINT', leave);
  const screen = how === 'with a bar' ? new ProgressLine() : null;
  let lastError = '';
  let awaySince: number | null = null;
  let job = await client.getJob(id);
  try {
    for (;;) {
      if (['done', 'cancelled', 'failed', 'paused'].includes(job.state)) return job;
      if (left.signal.aborted) return job;
      screen?.show(progressLine(job));
      if (job.last_error !== lastError && job.last_error !== '') {
        screen?.clear();
        process.stderr.write(`${job.last_error}\n`);
      }
      lastError = job.last_error;
      await sleep(LOOK_MS, undefined, { signal: left.signal }).catch(() => undefined);
      try {
        job = await client.getJob(id);
        awaySince = null;
      } catch (error) {
        if (!(error instanceof DashboardUnreachableError)) throw error;
        awaySince ??= Date.now();
        if (Date.now() - awaySince > AWAY_MS) throw error;
        screen?.show(messageOf(error));
      }
    }
  } finally {
    process.off('SIGINT', leave);
    screen?.clear();
  }
}

/** One line of a terminal, written over again and again. */
class ProgressLine {
  #isShown = false;

  show(text: string): void {
    const width = process.stderr.columns || 80;
    process.stderr.write(`\r\u001b[2K${text.slice(0, width - 1)}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[2K');
    this.#isShown = false;
  }
}
