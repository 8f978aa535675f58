import { createServer } from 'node:net';

// Below Linux's range for outgoing connections (32768 and up), so that no connection of a test
// takes a port between the look and the use.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
// Each of the workers that run test files side by side has its own: a server that is down for a
// while, or not up yet, must not lose its port to another file's.
const SHARES = 4;
const SHARE_SIZE = (LAST_PORT - FIRST_PORT) / SHARES;
const share = (Number(process.env.VITEST_POOL_ID) || 0) % SHARES;

const handedOut = new Set<number>();

/** A TCP port on 127.0.0.1 that nobody listens on and that no other test of this process got. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + share * SHARE_SIZE + Math.floor(Math.random() * SHARE_SIZE);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
