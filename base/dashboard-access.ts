import { readFileSync } from 'node:fs';
import type { Config } from './config.js';
import { messageOf, OperatorError } from './errors.js';
import type { TrustedCertificates } from './http-request.js';

/** How a program of the cluster speaks with the dashboard. */
export interface DashboardAccess {
  readonly scheme: 'http' | 'https';
  readonly ca: TrustedCertificates;
  /** To be sent with every request: who it comes from. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Nobody is asked who they are, and nothing is encrypted. */
export const OPEN_ACCESS: DashboardAccess = { scheme: 'http', ca: null, headers: {} };

/** @throws OperatorError if `dashboard_tls_ca` cannot be read */
export function dashboardAccess(config: Config): DashboardAccess {
  const { dashboardToken: token } = config;
  return {
    scheme: config.dashboardTlsCert === '' ? 'http' : 'https',
    ca: trustedCertificates(config),
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  };
}

function trustedCertificates(config: Config): TrustedCertificates {
  const { dashboardTlsCa, dashboardTlsCert } = config;
  if (dashboardTlsCa !== '') {
    try {
      return readFileSync(dashboardTlsCa, 'utf8');
    } catch (cause) {
      throw new OperatorError(`dashboard_tls_ca cannot be read: ${messageOf(cause)}`, { cause });
    }
  }
  if (dashboardTlsCert === '') return null;
  try {
    return readFileSync(dashboardTlsCert, 'utf8');
  } catch {
    // The file is the dashboard's, on another machine: then somebody known has signed it.
    return null;
  }
}
