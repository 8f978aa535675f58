import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress, parseAddress } from '../../base/address.js';
import { Backoff } from '../../base/backoff.js';
import type { DashboardAccess } from '../../base/dashboard-access.js';
import { messageOf } from '../../base/errors.js';
import { sendHttpRequest } from '../../base/http-request.js';
import type { Logger } from '../../base/log.js';

const REQUEST_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** Where the dashboard is, and how it is spoken with. */
export interface DashboardPlace {
  /** host:port, as configured */
  readonly addr: string;
  readonly access: DashboardAccess;
  /** host:port of the one that leads; null: nobody, as far as is known. */
  readonly findLeader: () => Promise<string | null>;
}

/**
 * Asks the dashboard to set the proxy online, again and again until it has agreed or `aborted`.
 * Its agreement is seen in our record, not here; the operator may set us online without it too.
 *
 * Never throws: a dashboard that is away is no reason to end, and is told in the log once.
 */
export async function askToBeOnline(
  { addr: dashboardAddr, access, findLeader }: DashboardPlace,
  proxyId: string,
  log: Logger,
  aborted: AbortSignal,
): Promise<void> {
  const { host, port } = parseAddress(dashboardAddr, 'dashboard_addr');
  const usual = formatAddress({ host: host || 'localhost', port });
  const body = { id: proxyId, state: 'online' };
  const backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  let lastRefusal = '';
  while (!aborted.aborted) {
    try {
      await postToEither(usual, findLeader, (place) =>
        post(`${access.scheme}://${place}/api/proxy`, body, access, aborted),
      );
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

/**
 * The dashboard that was configured passes it on if it does not lead; if it is away, another one
 * may lead.
 */
async function postToEither(
  usual: string,
  findLeader: DashboardPlace['findLeader'],
  send: (place: string) => Promise<void>,
): Promise<void> {
  try {
    await send(usual);
  } catch (error) {
    const leader = await findLeader().catch(() => null);
    if (leader === null || leader === usual) throw error;
    await send(leader);
  }
}

/** @throws Error with the dashboard's own words if it refuses, or the cause of no answer */
async function post(
  url: string,
  body: unknown,
  { headers, ca }: DashboardAccess,
  aborted: AbortSignal,
): Promise<void> {
  const { status, text } = await sendHttpRequest({
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'application/json' },
    ca,
    body: JSON.stringify(body),
    timeoutMs: REQUEST_TIMEOUT_MS,
    aborted,
  });
  if (status < 200 || status > 299) throw new Error(`${status}: ${text.trim().split('\n')[0]}`);
}
