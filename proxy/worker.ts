import type { Address } from '../base/address.js';
import type { Config } from '../base/config.js';
import type { Logger } from '../base/log.js';
import { connectionName } from '../cluster/model/proxy.js';
import { RequestFramer } from '../resp/request-framer.js';
import { COMMAND_COUNT, COMMAND_ROWS } from './command/command-rows.js';
import { keysOfCommand } from './command/keys-of-command.js';
import { LearnedCommands } from './command/learned-commands.js';
import type { ProxyFacts } from './command/local-context.js';
import { knownScripts } from './command/script/known-scripts.js';
import type { BackendStats, CommandStats, DataPlane, DataPlaneStats } from './data-plane.js';
import { TRIM_MS, trimMemory } from './io/garbage.js';
import { LATENCY_BUCKET_COUNT, latencyBucketBoundUs } from './io/latency-buckets.js';
import { blockedClientsOf } from './operation/blocking/blocked-clients.js';
import { ClusterAccess } from './operation/cluster-access.js';
import { answerAboutClients } from './operation/peers/client-commands.js';
import { openPeers, type PeerLink, type Peers } from './operation/peers/peers.js';
import type { PeerMessage } from './operation/peers/questions.js';
import { openSubscriptions, type Subscriptions } from './operation/pubsub/subscriptions.js';
import { openTrackers, type Trackers } from './operation/tracking/trackers.js';
import type { ReadersSettings } from './router/replicas/group-readers.js';
import { Router } from './router/router.js';
import type { TopologyChange } from './router/topology-change.js';
import { Listener, type ListenerOptions, SWEEP_MS } from './session/listener.js';
import { MemoryGuard } from './session/memory-guard.js';
import { Traffic } from './session/traffic.js';

/** How often deadlines are looked at: a command fails at most this long after its deadline. */
const TICK_MS = 100;
/** How often the memory that clients hold is looked at. */
const GUARD_MS = 200;

/** How often a server is asked at least whether it is there. */
const MAX_HEARTBEAT_MS = 300;

export interface DataPlaneOptions {
  /** See ListenerOptions. */
  readonly sockets?: ListenerOptions['sockets'];
  /** Of several workers, which one, from 0 on: their clients get different ids. */
  readonly workerIndex?: number;
  readonly workerCount?: number;
  /** The way to the others; absent: there are none. */
  readonly peerLink?: PeerLink;
}

/** A data plane that other workers may ask. */
export interface WorkerPlane extends DataPlane {
  answerPeer(message: PeerMessage): unknown;
}

/** One event loop that serves clients: its listener, its slot table, its connections. */
export function createDataPlane(
  config: Config,
  log: Logger,
  options: DataPlaneOptions = {},
): WorkerPlane {
  return new Worker(config, log, options);
}

/** Several within the time that decides: one lost answer proves nothing. */
function heartbeatMs({ ha, haDownAfterMs }: Config): number {
  return ha === 'off' ? 0 : Math.min(MAX_HEARTBEAT_MS, haDownAfterMs / 5);
}

/** `reads` of RouterSettings. */
function readersOf({ readFrom, readMaxLagMs }: Config): { reads?: ReadersSettings } {
  return readFrom === 'master' ? {} : { reads: { from: readFrom, maxLagMs: readMaxLagMs } };
}

class Worker implements WorkerPlane {
  readonly #router: Router;
  readonly #listener: Listener;
  readonly #subscriptions: Subscriptions;
  readonly #peers: Peers;
  readonly #trackers: Trackers;
  readonly #memory: MemoryGuard;
  readonly #traffic = new Traffic(COMMAND_COUNT);
  readonly #timers: NodeJS.Timeout[];
  readonly #startedAtMs = Date.now();
  #port = 0;

  constructor(config: Config, log: Logger, options: DataPlaneOptions) {
    // Workers are the children of the process that is registered.
    const primaryPid = (options.workerCount ?? 1) > 1 ? process.ppid : process.pid;
    // Of the proxy's limits each worker has its share.
    const share = (limit: number) => Math.ceil(limit / (options.workerCount ?? 1));
    this.#router = new Router(
      {
        name: connectionName(config.proxyId, primaryPid),
        password: config.password,
        timeoutMs: config.backendTimeoutMs,
        pingPeriodMs: config.backendPingPeriodMs,
        heartbeatMs: heartbeatMs(config),
        waitMs: config.backendWaitMs,
        maxInFlight: config.backendMaxInFlight,
        waitingBytes: share(config.waitingLimit),
        ...readersOf(config),
      },
      (request, bytes, start, end) =>
        request.owner.keys ?? keysOfCommand(request.row, bytes, start, end),
      log,
    );
    this.#memory = new MemoryGuard({
      outputPerClient: config.clientOutputLimit,
      outputTotal: share(config.totalOutputLimit),
      inputTotal: share(config.totalInputLimit),
    });
    const cluster = new ClusterAccess(this.#router);
    this.#peers = openPeers(cluster, options.peerLink ?? null);
    this.#subscriptions = openSubscriptions(
      cluster,
      {
        timeoutMs: config.backendTimeoutMs,
        pingPeriodMs: config.backendPingPeriodMs,
        outputLimits: config.clientOutputBufferLimitPubsub,
      },
      log,
    );
    this.#trackers = openTrackers(cluster, share(config.trackingMaxClients));
    this.#listener = new Listener(
      {
        router: this.#router,
        cluster,
        memory: this.#memory,
        learnedCommands: new LearnedCommands(),
        framer: new RequestFramer(),
        traffic: this.#traffic,
        settings: {
          password: config.password,
          databases: config.databases,
          backendConnections: config.backendConnections,
          maxPipeline: config.sessionMaxPipeline,
          maxPendingBytes: config.sessionMaxBufsize,
        },
        hasPeers: !this.#peers.areNone,
        proxyFacts: () => this.#facts(),
        clients: () => this.#listener.sessions,
      },
      {
        maxClients: share(config.maxClients),
        idleTimeoutMs: config.sessionMaxTimeoutMs,
        sockets: options.sockets ?? 'adopted',
        firstClientId: (options.workerIndex ?? 0) + 1,
        clientIdStep: options.workerCount ?? 1,
      },
    );
    this.#answerPeers(cluster);
    this.#timers = [
      setInterval(() => this.#router.tick(), TICK_MS),
      setInterval(() => this.#listener.sweep(), SWEEP_MS),
      setInterval(() => this.#listener.guardMemory(), GUARD_MS),
      setInterval(trimMemory, TRIM_MS),
    ];
  }

  apply(change: TopologyChange): Promise<void> {
    return this.#router.apply(change);
  }

  async listen(address: Address): Promise<Address> {
    const bound = await this.#listener.listen(address);
    this.#port = bound.port;
    return bound;
  }

  /** Answers a question of another worker. */
  answerPeer(message: PeerMessage): unknown {
    return this.#peers.answer(message);
  }

  drain(timeoutMs: number, successors: readonly string[] = []): Promise<void> {
    return this.#listener.drain(timeoutMs, successors);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#listener.close();
    this.#subscriptions.close();
    this.#router.close();
  }

  stats(): DataPlaneStats {
    const { calls, usecs, errors, latencies } = this.#traffic;
    const commands: CommandStats[] = [];
    for (const row of COMMAND_ROWS.flatMap((row) => [row, ...row.subcommands])) {
      const count = calls[row.index]!;
      if (count === 0) continue;
      commands.push({
        cmd: row.name.toUpperCase(),
        calls: count,
        usecs: usecs[row.index]!,
        errors: errors[row.index]!,
      });
    }
    const backends: BackendStats[] = [];
    for (const server of this.#router.servers) {
      const { addr, state, inFlight, reconnects, lastError, silentMs } = server;
      backends.push({ addr, state, inFlight, reconnects, lastError, silentMs });
    }
    return {
      commands,
      backends,
      pubsub: this.#subscriptions.stats(),
      clients: this.#listener.clientCount,
      clientsAccepted: this.#traffic.accepted,
      clientsRejected: this.#traffic.rejected,
      clientsClosedForOutput: this.#memory.closed.output,
      clientsClosedForInput: this.#memory.closed.input,
      outputBytes: this.#memory.outputBytes,
      inputBytes: this.#memory.inputBytes,
      waitingCommands: this.#router.waiting.commands,
      waitingBytes: this.#router.waiting.bytes,
      replicaReads: this.#router.replicaReads?.count ?? 0,
      repeatedReads: this.#router.repeats.count + (this.#router.replicaReads?.repeated ?? 0),
      bytesIn: this.#traffic.bytesIn,
      bytesOut: this.#bytesOut(),
      latencyBucketsUs: Array.from({ length: LATENCY_BUCKET_COUNT }, (_, bucket) =>
        latencyBucketBoundUs(bucket),
      ),
      latencyCounts: [...latencies],
    };
  }

  #answerPeers(cluster: ClusterAccess): void {
    const peers = this.#peers;
    answerAboutClients(peers, () => this.#listener.sessions);
    peers.on('unblock', ({ clientId, how }) => blockedClientsOf(cluster).unblock(clientId, how));
    peers.on('facts', () => this.#facts());
    peers.on('forget-scripts', () => {
      knownScripts.clear();
      return null;
    });
  }

  #facts(): ProxyFacts {
    return {
      port: this.#port,
      startedAtMs: this.#startedAtMs,
      connectedClients: this.#listener.clientCount,
      connectionsAccepted: this.#traffic.accepted,
      commandsProcessed: this.#traffic.commandsProcessed,
      bytesIn: this.#traffic.bytesIn,
      bytesOut: this.#bytesOut(),
      trackingClients: this.#trackers.clientCount,
      trackingPrefixes: this.#trackers.prefixCount,
    };
  }

  #bytesOut(): number {
    let sum = this.#traffic.bytesOut;
    for (const session of this.#listener.sessions) sum += session.bytesOut;
    return sum;
  }
}
