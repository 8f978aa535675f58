import { createServer } from 'node:net';

// Below Linux's range for outgoing connections (32768 and up), so that no connection of a test
// takes a port between the look and the use.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

const handedOut = new Set<number>();

/** A TCP port on 127.0.0.1 that nobody listens on and that no other test of this process got. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
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
