import { OperatorError } from './errors.js';

export interface Address {
  host: string;
  port: number;
}

/**
 * Reads `host:port`, `[v6]:port` or `:port`.
 *
 * @param what names the setting in the error message.
 * @throws OperatorError if it is none of these.
 */
export function parseAddress(text: string, what: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new OperatorError(`${what}: "${text}" is not an address`, {
      hint: 'write host:port, for example 127.0.0.1:6379',
    });
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** The inverse of {@link parseAddress}. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for a host that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
