import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress, parseAddress } from '../../base/address.js';
import { Backoff } from '../../base/backoff.js';
import { messageOf } from '../../base/errors.js';
import { sendHttpRequest } from '../../base/http-request.js';
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
  const { status, text } = await sendHttpRequest({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMs: REQUEST_TIMEOUT_MS,
    aborted,
  });
  if (status < 200 || status > 299) throw new Error(`${status}: ${text.trim().split('\n')[0]}`);
}
