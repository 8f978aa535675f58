import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { isLoopback, parseAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';

/** What a dashboard that asks nobody who they are may listen on. */
export type Exposure = 'loopback only' | 'anywhere';

/** @throws OperatorError for an address that others reach while nobody is asked who they are */
export function assertNotExposed(listen: string, exposure: Exposure): void {
  const { host } = parseAddress(listen, 'dashboard address');
  if (exposure === 'anywhere' || isLoopback(host)) return;
  throw new OperatorError(
    `without accounts the dashboard listens on 127.0.0.1 only, not on ${listen}`,
    {
      hint:
        'make an account: codis-config dashboard passwd <name>; ' +
        'or let everybody in: codis-config dashboard --insecure',
    },
  );
}

/**
 * Whether a request's Host header is one that this machine has: a page of another site may have
 * its own name resolve to 127.0.0.1, and would be taken for a page of ours.
 *
 * @param known names that were configured
 */
export function isOwnHost(hostHeader: string, known: readonly string[]): boolean {
  const host = URL.canParse(`http://${hostHeader}`)
    ? new URL(`http://${hostHeader}`).hostname.replace(/^\[|\]$/g, '')
    : '';
  if (host === 'localhost' || isIP(host) !== 0) return true;
  return [hostname(), ...known].some((name) => name.toLowerCase() === host);
}

/** What whoever uses it should know about its safety; empty: nothing. */
export function noticeFor(settings: {
  readonly isOpen: boolean;
  readonly where: string;
  readonly scheme: 'http' | 'https';
}): string {
  const isLocal = isLoopback(parseAddress(settings.where, 'dashboard address').host);
  if (settings.isOpen) {
    const who = isLocal ? 'everybody on this machine' : 'everybody who reaches this address';
    return `no accounts are set: ${who} may change everything`;
  }
  if (isLocal || settings.scheme === 'https') return '';
  return 'passwords and sessions are not encrypted on their way: set dashboard_tls_cert';
}
