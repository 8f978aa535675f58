import { randomBytes } from 'node:crypto';
import { GENERATED_FROM_VERSION } from '../../command/command-rows.generated.js';
import type { ProxyFacts } from '../../command/local-context.js';
import type { Fields } from './info-text.js';

const RUN_ID = randomBytes(20).toString('hex');

/** What INFO tells of the proxy's process in place of the servers', by section. */
export function ownFacts(facts: ProxyFacts): { readonly [section: string]: Fields } {
  const upSeconds = Math.floor((Date.now() - facts.startedAtMs) / 1000);
  const cpu = process.cpuUsage();
  return {
    server: {
      redis_version: GENERATED_FROM_VERSION,
      redis_mode: 'standalone',
      os: `${process.platform} ${process.arch}`,
      arch_bits: '64',
      process_id: String(process.pid),
      run_id: RUN_ID,
      tcp_port: String(facts.port),
      server_time_usec: String(Date.now() * 1000),
      uptime_in_seconds: String(upSeconds),
      uptime_in_days: String(Math.floor(upSeconds / 86_400)),
      hz: '10',
      executable: process.execPath,
    },
    clients: {
      connected_clients: String(facts.connectedClients),
      tracking_clients: String(facts.trackingClients),
    },
    // Clients wait for it: a group that loads holds up its own slots, not all of them.
    persistence: { loading: '0', async_loading: '0' },
    stats: {
      total_connections_received: String(facts.connectionsAccepted),
      total_commands_processed: String(facts.commandsProcessed),
      total_net_input_bytes: String(facts.bytesIn),
      total_net_output_bytes: String(facts.bytesOut),
      rejected_connections: '0',
      tracking_total_prefixes: String(facts.trackingPrefixes),
    },
    // Replicas belong to the groups, which clients do not see.
    replication: { role: 'master', connected_slaves: '0', master_failover_state: 'no-failover' },
    cpu: {
      used_cpu_sys: (cpu.system / 1e6).toFixed(6),
      used_cpu_user: (cpu.user / 1e6).toFixed(6),
    },
    cluster: { cluster_enabled: '0' },
  };
}

/** Of one worker, with those of the others. */
export function sumFacts(own: ProxyFacts, others: readonly ProxyFacts[]): ProxyFacts {
  const sum = (figure: (facts: ProxyFacts) => number) =>
    others.reduce((total, facts) => total + figure(facts), figure(own));
  return {
    port: own.port,
    startedAtMs: Math.min(own.startedAtMs, ...others.map(({ startedAtMs }) => startedAtMs)),
    connectedClients: sum((facts) => facts.connectedClients),
    connectionsAccepted: sum((facts) => facts.connectionsAccepted),
    commandsProcessed: sum((facts) => facts.commandsProcessed),
    bytesIn: sum((facts) => facts.bytesIn),
    bytesOut: sum((facts) => facts.bytesOut),
    trackingClients: sum((facts) => facts.trackingClients),
    trackingPrefixes: sum((facts) => facts.trackingPrefixes),
  };
}
