/**
 * Loaded into a process by `--import`: its connections to this machine come from the address that
 * CODIS_CHAOS_SOURCE names, so that a link knows whose they are.
 */
import net from 'node:net';

const source = process.env.CODIS_CHAOS_SOURCE;
const plainConnect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function connect(...args) {
  // Either options, or a list that begins with them, made by `net.connect`. An HTTP agent knows its
  // sockets by the options: its own are left as they are.
  const holder = Array.isArray(args[0]) ? args[0] : args;
  const options = holder[0];
  if (typeof options?.host === 'string' && options.host.startsWith('127.')) {
    holder[0] = { localAddress: source, ...options };
  }
  return plainConnect.apply(this, args);
};
