import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress } from '../base/address.js';
import type { Config } from '../base/config.js';
import { messageOf, OperatorError } from '../base/errors.js';

/**
 * The address to listen on, with `:port` and port 0 filled in, after a try that it can be had:
 * a proxy listens only once it is online, and that is late to hear that the port is in use.
 *
 * @param option names the command line's option in the error.
 * @throws OperatorError if it cannot be listened on.
 */
export async function checkedListenAddress(
  option: string,
  address: Address,
  proto: Config['proto'],
): Promise<Address> {
  const host = address.host || everyInterface(proto);
  return { host, port: await tryToListen(option, { host, port: address.port }) };
}

/** What Go listens on for `:port`: IPv4 and IPv6 where the machine has both. */
function everyInterface(proto: Config['proto']): string {
  if (proto === 'tcp6') return '::';
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const hasIpv6 = addresses.some((address) => address.family === 'IPv6');
  return proto === 'tcp' && hasIpv6 ? '::' : '0.0.0.0';
}

function tryToListen(option: string, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => reject(cannotListen(option, address, cause)));
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound ? bound.port : address.port;
      server.close(() => resolve(port));
    });
  });
}

/** One line for the operator about a failed `listen`. */
export function cannotListen(option: string, address: Address, cause: unknown): OperatorError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = code === 'EADDRINUSE' ? 'the port is in use by another process' : messageOf(cause);
  return new OperatorError(`cannot listen on ${formatAddress(address)}: ${reason}`, {
    hint: `choose another address with ${option}=host:port`,
    cause,
  });
}
