import { createServer } from 'node:net';
import { OperatorError } from '../../base/errors.js';

export interface PlannedPort {
  readonly port: number;
  /** Who listens there. */
  readonly what: string;
  /** The option that chooses another one. */
  readonly option: string;
}

/** All of our processes listen on this address only. */
export const HOST = '127.0.0.1';

/**
 * Resolves if every port can be listened on and no two are the same.
 *
 * @throws OperatorError naming the first one that cannot, and the option that moves it.
 */
export async function checkPorts(ports: readonly PlannedPort[]): Promise<void> {
  checkEachIsAPortOfItsOwn(ports);
  for (const { port, what, option } of ports) {
    const failure = await listenFailure(port);
    if (failure === null) continue;
    throw new OperatorError(
      failure === 'EADDRINUSE'
        ? `port ${port} for ${what} is in use by another program`
        : `cannot listen on port ${port} for ${what}: ${failure}`,
      { hint: `choose another one with ${option}` },
    );
  }
}

function checkEachIsAPortOfItsOwn(ports: readonly PlannedPort[]): void {
  const taken = new Map<number, PlannedPort>();
  for (const planned of ports) {
    const { port, what, option } = planned;
    if (port > 65535) {
      throw new OperatorError(`port ${port} for ${what} is beyond 65535`, {
        hint: `choose a lower first port with ${option}`,
      });
    }
    const other = taken.get(port);
    if (other) {
      throw new OperatorError(`port ${port} is planned for ${other.what} and for ${what}`, {
        hint: `choose another first port with ${other.option} or ${option}`,
      });
    }
    taken.set(port, planned);
  }
}

/** The code of the error, or null. */
function listenFailure(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, HOST, () => server.close(() => resolve(null)));
  });
}
