import { type Reply, VerbatimText } from '../../../resp/encode.js';
import { GENERATED_FROM_VERSION } from '../command-rows.generated.js';
import type { ProxyFacts } from '../local-context.js';
import type { LocalRequest } from './local-request.js';

type Fields = { readonly [field: string]: string | number };
type Section = (facts: ProxyFacts) => Fields;

/**
 * The fields of Redis's INFO that tools read, about the proxy process. Replicas and persistence are
 * the groups' own: a client sees one master that has its data at hand (`loading:0`).
 */
const SECTIONS: { readonly [name: string]: Section } = {
  Server: ({ port, startedAtMs }) => {
    const upSeconds = Math.floor((Date.now() - startedAtMs) / 1000);
    return {
      redis_version: GENERATED_FROM_VERSION,
      redis_mode: 'standalone',
      os: `${process.platform} ${process.arch}`,
      arch_bits: 64,
      process_id: process.pid,
      tcp_port: port,
      server_time_usec: Date.now() * 1000,
      uptime_in_seconds: upSeconds,
      uptime_in_days: Math.floor(upSeconds / 86_400),
      hz: 10,
      executable: process.execPath,
    };
  },
  Clients: ({ connectedClients }) => ({
    connected_clients: connectedClients,
    blocked_clients: 0,
    tracking_clients: 0,
  }),
  Memory: () => {
    const bytes = process.memoryUsage.rss();
    return {
      used_memory: bytes,
      used_memory_human: `${(bytes / 2 ** 20).toFixed(2)}M`,
      used_memory_rss: bytes,
      maxmemory: 0,
      maxmemory_policy: 'noeviction',
    };
  },
  Persistence: () => ({ loading: 0, async_loading: 0 }),
  Stats: (facts) => ({
    total_connections_received: facts.connectionsAccepted,
    total_commands_processed: facts.commandsProcessed,
    total_net_input_bytes: facts.bytesIn,
    total_net_output_bytes: facts.bytesOut,
    rejected_connections: 0,
    pubsub_channels: 0,
    pubsub_patterns: 0,
  }),
  Replication: () => ({ role: 'master', connected_slaves: 0 }),
  CPU: () => {
    const { user, system } = process.cpuUsage();
    return {
      used_cpu_sys: (system / 1e6).toFixed(6),
      used_cpu_user: (user / 1e6).toFixed(6),
    };
  },
  Cluster: () => ({ cluster_enabled: 0 }),
  Keyspace: () => ({}),
};

const ALL = ['all', 'default', 'everything'];

/** INFO [section …]: names in any case; unknown ones add nothing, as in Redis. */
export function info(request: LocalRequest): Reply {
  const asked = request.texts(1).map((name) => name.toLowerCase());
  const wantsAll = asked.length === 0 || asked.some((name) => ALL.includes(name));
  const facts = request.context.proxyFacts();
  const sections = Object.entries(SECTIONS)
    .filter(([name]) => wantsAll || asked.includes(name.toLowerCase()))
    .map(([name, fields]) => renderSection(name, fields(facts)));
  return new VerbatimText(sections.join('\r\n'));
}

function renderSection(name: string, fields: Fields): string {
  const lines = Object.entries(fields).map(([field, value]) => `${field}:${value}\r\n`);
  return `# ${name}\r\n${lines.join('')}`;
}
