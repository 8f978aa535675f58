/** What a proxy's `/metrics` says, as far as we show it. */
export interface ProxyMetrics {
  readonly version: string | null;
  readonly uptimeSeconds: number | null;
  readonly workers: number | null;
  readonly clients: number;
  readonly memory: number | null;
  readonly coordinator: string | null;
  /** Addresses of servers to which connections are waiting to be made again. */
  readonly unreachable: readonly string[];
  readonly commands: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly latency: LatencyCounts;
}

/** Upper bounds in microseconds, ascending, the last one Infinity; and how many are at or below. */
export interface LatencyCounts {
  readonly boundsUs: readonly number[];
  readonly cumulative: readonly number[];
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)/;
const PREFIX = 'codis_proxy_';

/** Reads Prometheus's text format; what is not of a codis-proxy is passed over. */
export function readMetrics(text: string): ProxyMetrics {
  const single = new Map<string, number>();
  const boundsUs: number[] = [];
  const cumulative: number[] = [];
  const unreachable: string[] = [];
  let version: string | null = null;
  let coordinator: string | null = null;
  for (const line of text.split('\n')) {
    if (!line.startsWith(PREFIX) && !line.startsWith('process_resident_memory_bytes')) continue;
    const match = SAMPLE.exec(line);
    if (!match) continue;
    const name = match[1]!.replace(PREFIX, '');
    const labels = match[2] ?? '';
    const value = Number(match[3]);
    switch (name) {
      case 'command_latency_seconds_bucket':
        boundsUs.push(boundOf(label(labels, 'le')));
        cumulative.push(value);
        break;
      case 'client_bytes_total':
        single.set(`bytes_${label(labels, 'direction')}`, value);
        break;
      case 'backend_connections':
        if (value > 0 && label(labels, 'state') === 'waiting') {
          unreachable.push(label(labels, 'backend'));
        }
        break;
      case 'coordinator_state':
        if (value === 1) coordinator = label(labels, 'state');
        break;
      case 'info':
        version = label(labels, 'version');
        break;
      default:
        single.set(name, (single.get(name) ?? 0) + value);
    }
  }
  const all = (name: string) => single.get(name) ?? 0;
  return {
    version,
    uptimeSeconds: single.get('uptime_seconds') ?? null,
    workers: single.get('workers') ?? null,
    clients: all('clients'),
    memory: single.get('process_resident_memory_bytes') ?? null,
    coordinator,
    unreachable: unreachable.sort(),
    commands: all('commands_total'),
    errors: all('command_errors_total'),
    bytesIn: all('bytes_in'),
    bytesOut: all('bytes_out'),
    latency: { boundsUs, cumulative },
  };
}

function label(labels: string, name: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}

function boundOf(le: string): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) * 1e6;
}
