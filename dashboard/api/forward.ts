import type { Context } from 'koa';
import { parseAddress } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { sendHttpRequest, type TrustedCertificates } from '../../base/http-request.js';
import type { Access } from '../access/access.js';
import { UnavailableError } from '../errors.js';
import { probeAddress } from '../probe.js';
import { REQUEST_TIMEOUT_MS } from './client.js';
import { bodyText } from './http.js';

/** Whom a stand-by dashboard passes changes on to. */
export interface Leader {
  /** host:port; null: nobody leads at the moment. */
  readonly addr: string | null;
  readonly scheme: 'http' | 'https';
  readonly ca: TrustedCertificates;
}

/** Who has passed it on: a dashboard with the same accounts says so, and for whom. */
const PASSED_ON_BY = 'x-codis-passed-on-by';
const PASSED_ON_FOR = 'x-codis-passed-on-for';
const OPEN = 'a dashboard';
/** Names of those that have the secrets of a dashboard. */
const PEERS: readonly string[] = ['dashboard', 'token'];

/** Whoever asked keeps being who they are: their cookie or token goes along. */
const KEPT = ['accept', 'authorization', 'content-type', 'cookie', 'x-codis-csrf'] as const;
const RETURNED = ['content-type', 'retry-after'] as const;

const PROBE_TIMEOUT_MS = 2_000;

/**
 * Has the dashboard that leads answer the request, in its own words.
 *
 * @throws UnavailableError if nobody leads, or the one that does cannot be reached
 */
export async function passOn(ctx: Context, leader: Leader, access: Access): Promise<void> {
  const { addr } = leader;
  if (addr === null) {
    throw new UnavailableError(
      'this dashboard does not lead now: the lease is held by nobody yet',
      {
        hint: 'try again in a moment',
      },
    );
  }
  const words = `this dashboard does not lead now: the lease is held by the dashboard at ${addr}`;
  // Two that take each other for the leader, or an address that means us here.
  if (ctx.get(PASSED_ON_BY) !== '') {
    throw new UnavailableError(words, { hint: 'ask that one' });
  }
  if ((await probeAddress(addr, PROBE_TIMEOUT_MS)) !== 'accepts') {
    throw new UnavailableError(`${words}, which cannot be reached from here`, {
      hint: 'try again in a moment; if it stays so, see its --addr',
    });
  }
  const headers: Record<string, string> = {
    [PASSED_ON_BY]: access.peerAuthorization() ?? OPEN,
    [PASSED_ON_FOR]: ctx.ip,
  };
  for (const name of KEPT) if (ctx.get(name) !== '') headers[name] = ctx.get(name);
  const { host, port } = parseAddress(addr, 'leader');
  try {
    const answer = await sendHttpRequest({
      method: ctx.method as 'GET' | 'PUT' | 'POST' | 'DELETE',
      url: `${leader.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${ctx.url}`,
      ...{ headers, ca: leader.ca, timeoutMs: REQUEST_TIMEOUT_MS },
      body: await bodyText(ctx),
    });
    ctx.status = answer.status;
    for (const name of RETURNED) {
      const value = answer.headers[name];
      if (typeof value === 'string') ctx.set(name, value);
    }
    ctx.body = answer.text;
  } catch (cause) {
    throw new UnavailableError(`${words}, which did not answer: ${messageOf(cause)}`, {
      hint: 'it is not known whether the change was made: look, then repeat it',
      cause,
    });
  }
}

/** The address that a request came from first. */
export function senderOf(ctx: Context, access: Access): string {
  const by = ctx.get(PASSED_ON_BY);
  const said = ctx.get(PASSED_ON_FOR);
  if (by === '' || said === '') return ctx.ip;
  const name = access.identify({ authorization: by })?.name ?? '';
  // No account's name: nobody else may say where somebody comes from.
  return access.isOpen || PEERS.includes(name) ? said.slice(0, 64) : ctx.ip;
}
