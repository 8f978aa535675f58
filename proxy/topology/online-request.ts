import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress, parseAddress } from '../../base/address.js';
import { Backoff } from '../../base/backoff.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';

const REQUEST_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/**
 * Asks the dashboard to set the proxy online, again and again until it has agreed or `aborted`.
 * Its agreement is seen in our record, not here; the operator may set us online without it too.
 *
 * Never throws: a dashboard that is away is no reason to end, and is told in the log once.
 */
export async function askToBeOnline(
  dashboardAddr: string,
  proxyId: string,
  log: Logger,
  aborted: AbortSignal,
): Promise<void> {
  const { host, port } = parseAddress(dashboardAddr, 'dashboard_addr');
  const url = `http://${formatAddress({ host: host || 'localhost', port })}/api/proxy`;
  const backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  let lastRefusal = '';
  while (!aborted.aborted) {
    try {
      await post(url, { id: proxyId, state: 'online' }, aborted);
      log.info({ dashboard: dashboardAddr }, 'the dashboard sets us online');
      return;
    } catch (error) {
      if (aborted.aborted) return;
      const refusal = messageOf(error);
      if (refusal !== lastRefusal) {
        log.warn(
          { dashboard: dashboardAddr, reason: refusal },
          'not set online by the dashboard yet: asking again, or set it online by hand',
        );
      }
      lastRefusal = refusal;
    }
    // The only way for it to fail is the abort, which the loop's condition sees.
    await sleep(backoff.nextMs(), undefined, { signal: aborted }).catch(() => undefined);
  }
}

/** @throws Error with the dashboard's own words if it refuses, or the cause of no answer */
async function post(url: string, body: unknown, aborted: AbortSignal): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([aborted, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    // fetch says "fetch failed" and keeps the reason in the cause.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  });
  const text = (await answer.text()).trim();
  if (!answer.ok) throw new Error(`${answer.status}: ${text.split('\n')[0]}`);
}
