import { connect } from 'node:net';
import { parseAddress } from '../base/address.js';

/** As long as a lost SYN takes to be sent again, twice. */
const PROBE_TIMEOUT_MS = 3_000;

/**
 * - `accepts`: something listens there; a stopped process (SIGSTOP) counts too
 * - `refuses`: the host is up and nothing listens: the process is gone
 * - `silent`: no answer in time, or the host cannot be found: proves nothing
 */
export type ProbeOutcome = 'accepts' | 'refuses' | 'silent';

/** Tries to open a TCP connection to host:port; an empty host means this one. */
export async function probeAddress(
  addr: string,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<ProbeOutcome> {
  let address: { host: string; port: number };
  try {
    address = parseAddress(addr, 'address');
  } catch {
    return 'silent';
  }
  return new Promise((resolve) => {
    const socket = connect({ host: address.host || '127.0.0.1', port: address.port });
    const timer = setTimeout(() => settle('silent'), timeoutMs);
    const settle = (outcome: ProbeOutcome) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => settle('accepts'));
    socket.once('error', (error) => settle(isRefusal(error) ? 'refuses' : 'silent'));
  });
}

/** For a name with several addresses every one of them must refuse. */
function isRefusal(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefusal);
  return 'code' in error && error.code === 'ECONNREFUSED';
}
