import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../../base/version.js';
import type { SessionState } from '../../cluster/coordinator/coordinator.js';
import { TOPOLOGY_STATES } from '../topology/topology-state.js';
import type { AdminSource } from './admin-source.js';
import { LatencyHistogram } from './latency-histogram.js';

const SESSION_STATES: readonly SessionState[] = [
  'connecting',
  'connected',
  'suspended',
  'expired',
  'closed',
];
const BACKEND_STATES = ['connecting', 'ready', 'waiting', 'closed'] as const;

/**
 * The registry behind `/metrics`. Everything is read from `source` when it is scraped; besides,
 * prom-client's own figures of the process (memory, CPU, event-loop lag, garbage collection).
 */
export function createMetrics(source: AdminSource): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addCommandMetrics(registry, source);
  addClientMetrics(registry, source);
  addPubsubMetrics(registry, source);
  addBackendMetrics(registry, source);
  addTopologyMetrics(registry, source);

  gauge(registry, 'codis_proxy_uptime_seconds', 'Time since the start of the process', () =>
    process.uptime(),
  );
  gauge(registry, 'codis_proxy_workers', 'Processes that serve clients', () => source.workers ?? 1);
  new Gauge({
    name: 'codis_proxy_info',
    help: 'Always 1; the labels say who this is',
    labelNames: ['id', 'addr', 'version'],
    registers: [registry],
    collect() {
      const { record } = source.topology();
      this.reset();
      this.set({ id: record.id, addr: record.addr, version: VERSION }, 1);
    },
  });
  return registry;
}

function addCommandMetrics(registry: Registry, source: AdminSource): void {
  const perCommand = [
    ['codis_proxy_commands_total', 'Commands answered', 'calls', 1],
    ['codis_proxy_command_seconds_total', 'Time from command to complete reply', 'usecs', 1e-6],
    ['codis_proxy_command_errors_total', 'Commands answered with an error', 'errors', 1],
  ] as const;
  for (const [name, help, field, unit] of perCommand) {
    new Counter({
      name,
      help,
      labelNames: ['command'],
      registers: [registry],
      collect() {
        this.reset();
        for (const command of source.dataPlane().commands) {
          this.inc({ command: command.cmd }, command[field] * unit);
        }
      },
    });
  }
  new LatencyHistogram(
    'codis_proxy_command_latency_seconds',
    'Time from the arrival of a command to its complete reply',
    () => source.dataPlane(),
    registry,
  );
}

function addClientMetrics(registry: Registry, source: AdminSource): void {
  gauge(registry, 'codis_proxy_clients', 'Clients connected', () => source.dataPlane().clients);
  counter(
    registry,
    'codis_proxy_clients_accepted_total',
    'Clients accepted since the start',
    () => source.dataPlane().clientsAccepted,
  );
  counter(
    registry,
    'codis_proxy_clients_rejected_total',
    'Clients turned away because there were too many (max_clients)',
    () => source.dataPlane().clientsRejected,
  );
  new Counter({
    name: 'codis_proxy_clients_closed_total',
    help: 'Clients closed because of the memory they held: of replies (output), of commands (input)',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const { clientsClosedForOutput, clientsClosedForInput } = source.dataPlane();
      this.reset();
      this.inc({ reason: 'output' }, clientsClosedForOutput);
      this.inc({ reason: 'input' }, clientsClosedForInput);
    },
  });
  gauge(
    registry,
    'codis_proxy_output_buffer_bytes',
    'Bytes of replies that clients have not taken',
    () => source.dataPlane().outputBytes,
  );
  gauge(
    registry,
    'codis_proxy_input_buffer_bytes',
    'Bytes of commands that have begun to come and are not complete',
    () => source.dataPlane().inputBytes,
  );
  gauge(
    registry,
    'codis_proxy_waiting_commands',
    'Commands that wait for their slots to change hands',
    () => source.dataPlane().waitingCommands,
  );
  gauge(
    registry,
    'codis_proxy_waiting_bytes',
    'Bytes of the commands that wait for their slots to change hands',
    () => source.dataPlane().waitingBytes,
  );
  counter(
    registry,
    'codis_proxy_replica_reads_total',
    'Reads that were sent to replicas (read_from)',
    () => source.dataPlane().replicaReads,
  );
  counter(
    registry,
    'codis_proxy_repeated_reads_total',
    'Reads sent once more: a replica did not serve them, or a master was lost with them',
    () => source.dataPlane().repeatedReads,
  );
  new Counter({
    name: 'codis_proxy_client_bytes_total',
    help: 'Bytes received from clients (in) and sent to them (out)',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      const { bytesIn, bytesOut } = source.dataPlane();
      this.reset();
      this.inc({ direction: 'in' }, bytesIn);
      this.inc({ direction: 'out' }, bytesOut);
    },
  });
}

function addPubsubMetrics(registry: Registry, source: AdminSource): void {
  const pubsub = () => source.dataPlane().pubsub;
  gauge(registry, 'codis_proxy_pubsub_channels', 'Channels that clients listen to', () => {
    return pubsub().channels;
  });
  gauge(registry, 'codis_proxy_pubsub_patterns', 'Patterns that clients listen to', () => {
    return pubsub().patterns;
  });
  const totals = [
    ['codis_proxy_pubsub_messages_total', 'Messages heard from Redis servers', 'messages'],
    [
      'codis_proxy_pubsub_slow_clients_total',
      'Clients cut off as they did not take their messages',
      'slowClients',
    ],
    [
      'codis_proxy_pubsub_connections_lost_total',
      'Connections for listening lost: what was published meanwhile was not heard',
      'losses',
    ],
  ] as const;
  for (const [name, help, field] of totals) counter(registry, name, help, () => pubsub()[field]);
}

function addBackendMetrics(registry: Registry, source: AdminSource): void {
  new Gauge({
    name: 'codis_proxy_backend_connections',
    help: 'Connections to Redis servers by state',
    labelNames: ['backend', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const backend of source.dataPlane().backends) {
        for (const state of BACKEND_STATES) {
          this.inc({ backend: backend.addr, state }, backend.state === state ? 1 : 0);
        }
      }
    },
  });
  new Gauge({
    name: 'codis_proxy_backend_in_flight',
    help: 'Commands sent to a Redis server and not answered yet',
    labelNames: ['backend'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { addr, inFlight } of source.dataPlane().backends) {
        this.inc({ backend: addr }, inFlight);
      }
    },
  });
  new Counter({
    name: 'codis_proxy_backend_reconnects_total',
    help: 'Times a connection to a Redis server had to be made again',
    labelNames: ['backend'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { addr, reconnects } of source.dataPlane().backends) {
        this.inc({ backend: addr }, reconnects);
      }
    },
  });
}

function addTopologyMetrics(registry: Registry, source: AdminSource): void {
  stateGauge(
    registry,
    'codis_proxy_topology_state',
    'Where the proxy is in its life: 1 for the present state',
    TOPOLOGY_STATES,
    () => source.topology().state,
  );
  stateGauge(
    registry,
    'codis_proxy_coordinator_state',
    'The session with the coordinator: 1 for the present state',
    SESSION_STATES,
    () => source.topology().coordinator,
  );
  gauge(registry, 'codis_proxy_last_action', 'Number of the last action handled', () =>
    Number(source.topology().lastAction ?? -1),
  );
  counter(
    registry,
    'codis_proxy_actions_total',
    'Actions handled since the start',
    () => source.topology().actionsHandled,
  );
  gauge(
    registry,
    'codis_proxy_table_loaded_timestamp_seconds',
    'When the whole slot table was last loaded, Unix time; 0: never',
    () => (source.topology().tableLoadedAt?.getTime() ?? 0) / 1000,
  );
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

function counter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function stateGauge<T extends string>(
  registry: Registry,
  name: string,
  help: string,
  states: readonly T[],
  read: () => T,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const present = read();
      for (const state of states) this.set({ state }, state === present ? 1 : 0);
    },
  });
}
