import { connect } from 'node:net';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { TestProcess, temporaryFolder } from './process.js';

export interface RedisServer {
  readonly port: number;
  /** 127.0.0.1:port */
  readonly addr: string;
  readonly process: TestProcess;
  /** Kills it at once. */
  stop(): Promise<void>;
}

/**
 * A real redis-server on a free port, without persistence, answering when the promise resolves.
 *
 * @param args more arguments, such as `'--requirepass', 'secret'`; later ones win.
 * @param port a certain port, to start a server again where it was.
 */
export async function startRedis(
  args: readonly string[] = [],
  port?: number,
): Promise<RedisServer> {
  const listenPort = port ?? (await freePort());
  const child = new TestProcess('redis-server', [
    ...['--port', String(listenPort), '--bind', '127.0.0.1', '--dir', temporaryFolder()],
    ...['--save', '', '--appendonly', 'no'],
    ...args,
  ]);
  await eventually(`redis-server answers on ${listenPort}`, () => {
    if (!child.isRunning) throw new Error(`redis-server ended: ${child.stdout}${child.stderr}`);
    return answersPing(listenPort);
  });
  return {
    port: listenPort,
    addr: `127.0.0.1:${listenPort}`,
    process: child,
    stop: async () => {
      await child.stop('SIGKILL');
    },
  };
}

/** True once the port answers PING, be it with -NOAUTH. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (bytes) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(bytes.toString()));
      socket.destroy();
    });
  });
}
