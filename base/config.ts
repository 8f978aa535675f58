import { readFileSync } from 'node:fs';
import { type Account, parseAccounts } from './accounts.js';
import { parseAddress } from './address.js';
import { messageOf, OperatorError } from './errors.js';

/** The settings of `config.ini`, one file for proxies, dashboard and command line. */
export interface Config {
  readonly coordinator: 'zookeeper' | 'embedded';
  /** ZooKeeper servers: host:port, several separated by commas. */
  readonly zk: string;
  /** The folder of the embedded coordinator's data. */
  readonly embeddedPath: string;
  readonly product: string;
  /** Where the dashboard's REST API listens and is found: host:port. */
  readonly dashboardAddr: string;
  /** Who may use the dashboard; empty: whoever reaches it. */
  readonly dashboardAccounts: readonly Account[];
  /** What codis-config and proxies show to the dashboard, and the dashboard asks for; or empty. */
  readonly dashboardToken: string;
  /** Files in PEM; both, or none: then it is plain HTTP. */
  readonly dashboardTlsCert: string;
  readonly dashboardTlsKey: string;
  /** Whom codis-config and proxies believe the dashboard's certificate, besides the usual. */
  readonly dashboardTlsCa: string;
  /** The folder that the dashboard keeps its history in. */
  readonly dashboardData: string;
  /** Asked of clients and given to the Redis servers; empty: none. */
  readonly password: string;
  readonly backendPingPeriodMs: number;
  /** A command that a Redis server does not answer within this time fails. */
  readonly backendTimeoutMs: number;
  /** An idle client is closed after this time; 0: never. */
  readonly sessionMaxTimeoutMs: number;
  /** Replies that wait for a client, in bytes, beyond which no more of its commands are read. */
  readonly sessionMaxBufsize: number;
  /** Commands of one client that may be unanswered; beyond, no more of its commands are read. */
  readonly sessionMaxPipeline: number;
  /** What a client that listens may leave untaken before it is cut off. */
  readonly clientOutputBufferLimitPubsub: OutputBufferLimit;
  /** Clients beyond which no more are let in. */
  readonly maxClients: number;
  /** Of them, those that track keys: they have connections of their own to the servers. */
  readonly trackingMaxClients: number;
  /** Bytes of replies that one client, and all together, may leave waiting. */
  readonly clientOutputLimit: number;
  readonly totalOutputLimit: number;
  /** Bytes of commands that have begun to come, of all clients. */
  readonly totalInputLimit: number;
  /** Bytes of commands that wait for their slots or servers. */
  readonly waitingLimit: number;
  /** Unanswered commands on a connection to a server beyond which clients are not read from. */
  readonly backendMaxInFlight: number;
  /** Connections of a worker to each server that its clients are dealt out to. */
  readonly backendConnections: number;
  readonly zkSessionTimeoutMs: number;
  /** A change that not every proxy has acknowledged within this time is taken back. */
  readonly actionTimeoutMs: number;
  /** What is done when a master cannot be reached: fail over, nothing, or say what would be done. */
  readonly ha: 'on' | 'off' | 'observe';
  /** A master that most observers have not heard from for this long is failed over. */
  readonly haDownAfterMs: number;
  /** A group is failed over at most once in this time. */
  readonly haMinIntervalMs: number;
  /** Set as `min-replicas-to-write` at masters, as far as they have replicas; 0: left alone. */
  readonly haMinReplicasToWrite: number;
  /** What is done when a replica is found at another address than that on record. */
  readonly haAddressChange: 'ask' | 'update';
  /** How long commands wait for a server that cannot be reached before they fail; 0: not at all. */
  readonly backendWaitMs: number;
  /** Where a proxy sends commands that only read; see proxy/router/replicas. */
  readonly readFrom: 'master' | 'replica' | 'nearest';
  /** A replica that may have missed something for longer is not read from. */
  readonly readMaxLagMs: number;
  readonly proxyId: string;
  /** How many databases clients may SELECT; every server must have as many. */
  readonly databases: number;
  /** Where clients reach this proxy, as told to them through the coordinator; host or host:port. */
  readonly advertiseAddr: string;
  readonly proto: 'tcp' | 'tcp4' | 'tcp6';
}

/** As Redis has it: more than the first at any time, or more than the second for so long; 0: no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softMs: number;
}

/** Reads one value. The message it throws says what was expected, without naming the key. */
type Reader<T> = (text: string) => T;

const KEYS: { [K in keyof Config]: [key: string, fallback: string, read: Reader<Config[K]>] } = {
  coordinator: ['coordinator', 'zookeeper', oneOf('zookeeper', 'embedded')],
  zk: ['zk', 'localhost:2181', addressList],
  embeddedPath: ['embedded_path', 'data/coordinator', (text) => text],
  product: ['product', 'test', productName],
  dashboardAddr: ['dashboard_addr', 'localhost:18087', address],
  dashboardAccounts: ['dashboard_accounts', '', parseAccounts],
  dashboardToken: ['dashboard_token', '', token],
  dashboardTlsCert: ['dashboard_tls_cert', '', (text) => text],
  dashboardTlsKey: ['dashboard_tls_key', '', (text) => text],
  dashboardTlsCa: ['dashboard_tls_ca', '', (text) => text],
  dashboardData: ['dashboard_data', 'data/dashboard', (text) => text],
  password: ['password', '', (text) => text],
  backendPingPeriodMs: ['backend_ping_period', '5', seconds],
  backendTimeoutMs: ['backend_timeout', '5000', wholeNumber(1)],
  sessionMaxTimeoutMs: ['session_max_timeout', '1800', seconds],
  sessionMaxBufsize: ['session_max_bufsize', '131072', wholeNumber(1024)],
  sessionMaxPipeline: ['session_max_pipeline', '1024', wholeNumber(1)],
  clientOutputBufferLimitPubsub: [
    'client_output_buffer_limit_pubsub',
    '32mb 8mb 60',
    outputBufferLimit,
  ],
  maxClients: ['max_clients', '10000', wholeNumber(1)],
  trackingMaxClients: ['tracking_max_clients', '1000', wholeNumber(0)],
  clientOutputLimit: ['client_output_limit', '268435456', wholeNumber(65536)],
  totalOutputLimit: ['total_output_limit', '1073741824', wholeNumber(65536)],
  totalInputLimit: ['total_input_limit', '1073741824', wholeNumber(65536)],
  waitingLimit: ['waiting_limit', '268435456', wholeNumber(0)],
  backendMaxInFlight: ['backend_max_in_flight', '65536', wholeNumber(1)],
  backendConnections: ['backend_connections', '1', wholeNumber(1, 8)],
  zkSessionTimeoutMs: ['zk_session_timeout', '30000', zkSessionTimeout],
  actionTimeoutMs: ['action_timeout', '15000', wholeNumber(100)],
  ha: ['ha', 'on', oneOf('on', 'off', 'observe')],
  haDownAfterMs: ['ha_down_after', '1500', wholeNumber(100)],
  haMinIntervalMs: ['ha_min_interval', '60000', wholeNumber(0)],
  haMinReplicasToWrite: ['ha_min_replicas_to_write', '0', wholeNumber(0)],
  haAddressChange: ['ha_address_change', 'ask', oneOf('ask', 'update')],
  backendWaitMs: ['backend_wait', '5000', wholeNumber(0)],
  readFrom: ['read_from', 'master', oneOf('master', 'replica', 'nearest')],
  readMaxLagMs: ['read_max_lag', '5000', wholeNumber(1000)],
  proxyId: ['proxy_id', 'proxy_1', nodeName],
  databases: ['databases', '16', wholeNumber(1, 2000)],
  advertiseAddr: ['advertise_addr', '', (text) => text],
  proto: ['proto', 'tcp', oneOf('tcp', 'tcp4', 'tcp6')],
};

/** Not shown in errors. */
const SECRETS = new Set(['password', 'dashboard_accounts', 'dashboard_token']);

const FIELD_OF_KEY = new Map(
  Object.entries(KEYS).map(([field, [key]]) => [key, field as keyof Config]),
);

/** Every key that a config.ini may have, with its default. */
export const CONFIG_KEYS: readonly { key: string; fallback: string }[] = Object.values(KEYS).map(
  ([key, fallback]) => ({ key, fallback }),
);

/**
 * Reads a config.ini; `null`: the defaults alone.
 *
 * @throws OperatorError naming file, line and key.
 */
export function loadConfig(file: string | null): Config {
  if (file === null) return parseConfig('', 'defaults');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OperatorError(`cannot read the config file: ${messageOf(cause)}`, { cause });
  }
  return parseConfig(text, file);
}

/**
 * `key=value` lines; `#` and `;` begin a comment line; `[section]` lines are passed over.
 *
 * @param file named in errors.
 */
export function parseConfig(text: string, file: string): Config {
  const given = new Map<keyof Config, { value: string; line: number }>();
  for (const [index, rawLine] of text.split(/\r?\n/).entries()) {
    const line = rawLine.trim();
    const where = `${file}:${index + 1}`;
    if (line === '' || /^[#;]/.test(line) || /^\[.*\]$/.test(line)) continue;
    const equals = line.indexOf('=');
    if (equals < 1) {
      throw new OperatorError(`${where}: "${line}" is not a setting`, { hint: 'write key=value' });
    }
    const key = line.slice(0, equals).trim();
    const field = FIELD_OF_KEY.get(key);
    if (!field) {
      throw new OperatorError(`${where}: unknown key "${key}"`, {
        hint: `known keys: ${[...FIELD_OF_KEY.keys()].join(' ')}`,
      });
    }
    const earlier = given.get(field);
    if (earlier) {
      throw new OperatorError(`${where}: ${key} was set before, in line ${earlier.line}`);
    }
    given.set(field, { value: line.slice(equals + 1).trim(), line: index + 1 });
  }

  const read = <K extends keyof Config>(field: K): Config[K] => {
    const [key, fallback, reader] = KEYS[field];
    const setting = given.get(field);
    try {
      return reader(setting?.value ?? fallback);
    } catch (cause) {
      const where = setting ? `${file}:${setting.line}` : file;
      const shown = SECRETS.has(key) ? '' : ` "${setting?.value}"`;
      throw new OperatorError(`${where}: ${key}:${shown} ${messageOf(cause)}`, { cause });
    }
  };
  return Object.freeze({
    coordinator: read('coordinator'),
    zk: read('zk'),
    embeddedPath: read('embeddedPath'),
    product: read('product'),
    dashboardAddr: read('dashboardAddr'),
    dashboardAccounts: read('dashboardAccounts'),
    dashboardToken: read('dashboardToken'),
    dashboardTlsCert: read('dashboardTlsCert'),
    dashboardTlsKey: read('dashboardTlsKey'),
    dashboardTlsCa: read('dashboardTlsCa'),
    dashboardData: read('dashboardData'),
    password: read('password'),
    backendPingPeriodMs: read('backendPingPeriodMs'),
    backendTimeoutMs: read('backendTimeoutMs'),
    sessionMaxTimeoutMs: read('sessionMaxTimeoutMs'),
    sessionMaxBufsize: read('sessionMaxBufsize'),
    sessionMaxPipeline: read('sessionMaxPipeline'),
    clientOutputBufferLimitPubsub: read('clientOutputBufferLimitPubsub'),
    maxClients: read('maxClients'),
    trackingMaxClients: read('trackingMaxClients'),
    clientOutputLimit: read('clientOutputLimit'),
    totalOutputLimit: read('totalOutputLimit'),
    totalInputLimit: read('totalInputLimit'),
    waitingLimit: read('waitingLimit'),
    backendMaxInFlight: read('backendMaxInFlight'),
    backendConnections: read('backendConnections'),
    zkSessionTimeoutMs: read('zkSessionTimeoutMs'),
    actionTimeoutMs: read('actionTimeoutMs'),
    ha: read('ha'),
    haDownAfterMs: read('haDownAfterMs'),
    haMinIntervalMs: read('haMinIntervalMs'),
    haMinReplicasToWrite: read('haMinReplicasToWrite'),
    haAddressChange: read('haAddressChange'),
    backendWaitMs: read('backendWaitMs'),
    readFrom: read('readFrom'),
    readMaxLagMs: read('readMaxLagMs'),
    proxyId: read('proxyId'),
    databases: read('databases'),
    advertiseAddr: read('advertiseAddr'),
    proto: read('proto'),
  });
}

function oneOf<const T extends string>(...values: T[]): Reader<T> {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found === undefined) throw new Error(`is not one of ${values.join(', ')}`);
    return found;
  };
}

function wholeNumber(least: number, most = 2 ** 31 - 1): Reader<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      const range = most === 2 ** 31 - 1 ? `from ${least} on` : `from ${least} to ${most}`;
      throw new Error(`is not a whole number ${range}`);
    }
    return value;
  };
}

/** `32mb 8mb 60`: bytes, bytes, seconds. */
function outputBufferLimit(text: string): OutputBufferLimit {
  const match = /^(\d+)(b|kb|mb|gb)? +(\d+)(b|kb|mb|gb)? +(\d+)$/i.exec(text);
  if (!match) throw new Error('is not <hard limit> <soft limit> <seconds>, such as 32mb 8mb 60');
  const bytes = (count: string, unit = 'b') =>
    Number(count) * 1024 ** ['b', 'kb', 'mb', 'gb'].indexOf(unit.toLowerCase());
  return {
    hardBytes: bytes(match[1]!, match[2]),
    softBytes: bytes(match[3]!, match[4]),
    softMs: seconds(match[5]!),
  };
}

/** Seconds in the file, milliseconds in the config. */
function seconds(text: string): number {
  const value = wholeNumber(0)(text);
  if (value > 2_000_000) throw new Error('is more than 2000000 seconds');
  return value * 1000;
}

/** Codis 2's rule: up to 100 means seconds, more means milliseconds. */
function zkSessionTimeout(text: string): number {
  const value = wholeNumber(1)(text);
  return value <= 100 ? value * 1000 : value;
}

function address(text: string): string {
  try {
    parseAddress(text, '');
  } catch {
    throw new Error('is not host:port');
  }
  return text;
}

function addressList(text: string): string {
  return text
    .split(',')
    .map((part) => address(part.trim()))
    .join(',');
}

/** It is sent in a header. */
function token(text: string): string {
  if (text === '' || /^[!-~]{16,200}$/.test(text)) return text;
  throw new Error('is not a token of 16 to 200 letters, digits and signs');
}

function productName(text: string): string {
  if (!/^[\w.-]+$/.test(text)) throw new Error('may have letters, digits, "_", "-" and "." only');
  return text;
}

function nodeName(text: string): string {
  if (text === '' || text.includes('/')) throw new Error('must not be empty nor have a "/"');
  return text;
}
