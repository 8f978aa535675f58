import { connect } from 'node:net';
import { parseAddress } from '../../base/address.js';
import { HOST } from './ports.js';

const PROBE_TIMEOUT_MS = 1000;

/**
 * Sends one inline line and gives what came back until `isWhole` is content, or null if nobody
 * answers, or not in time. For looking whether a server is there, not for data.
 */
export function probe(
  port: number,
  line: string,
  isWhole: (reply: string) => boolean = (reply) => reply.includes('\n'),
  host = HOST,
): Promise<string | null> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect({ port, host });
    const finish = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(null));
    socket.once('connect', () => socket.write(line));
    socket.once('error', () => finish(null));
    socket.once('close', () => finish(reply === '' ? null : reply));
    socket.on('data', (chunk) => {
      reply += chunk;
      if (isWhole(reply)) finish(reply);
    });
  });
}

/** Whether anything answers at host:port, be it that it wants a password. */
export async function answersPing(addr: string): Promise<boolean> {
  const { host, port } = parseAddress(addr, 'redis address');
  return (await probe(port, 'PING\r\n', undefined, host)) !== null;
}

/** `replication` of a Redis server's INFO by field; empty if it does not answer. */
export async function replicationOf(port: number): Promise<Map<string, string>> {
  const isWhole = (reply: string) => {
    const length = Number(/^\$(\d+)\r\n/.exec(reply)?.[1]);
    return reply.startsWith('-') || reply.length >= reply.indexOf('\n') + 1 + length + 2;
  };
  const reply = (await probe(port, 'INFO replication\r\n', isWhole)) ?? '';
  const fields = new Map<string, string>();
  for (const line of reply.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
