import type { z } from 'zod';
import { type DashboardAccess, OPEN_ACCESS } from '../../base/dashboard-access.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import { type HttpAnswer, sendHttpRequest } from '../../base/http-request.js';
import type { GroupRecord, ServerType } from '../../cluster/model/group.js';
import type { MigrateTask } from '../../cluster/model/migrate-task.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import { type SlotRecord, slotRecord } from '../../cluster/model/slot.js';
import * as contract from './contract.js';
import { ROUTES, type RouteName } from './contract.js';
import { type HaStatusReply, haStatusReply } from './contract-ha.js';
import { type AuditEntry, auditReply, WEB_ROUTES, type WebRouteName } from './web-contract.js';

/**
 * Longer than any change takes inside the dashboard: the Redis servers' deadlines, the proxies'
 * acknowledgements, and those of a roll-back.
 */
export const REQUEST_TIMEOUT_MS = 120_000;

/** Nobody answers at the dashboard's address, or not in time, or not in HTTP and JSON. */
export class DashboardUnreachableError extends OperatorError {
  override readonly name = 'DashboardUnreachableError';
}

/** The dashboard answered, and the answer is an error: message and hint are its own. */
export class DashboardRefusedError extends OperatorError {
  override readonly name = 'DashboardRefusedError';
  /** HTTP status. */
  readonly status: number;

  constructor(message: string, hint: string, status: number) {
    super(message, { hint });
    this.status = status;
  }
}

type AnyName = RouteName | WebRouteName;

interface Request {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
}

/**
 * The dashboard's REST API as functions. Every one of them throws DashboardUnreachableError or
 * DashboardRefusedError, and answers within the timeout.
 */
export class DashboardClient {
  readonly addr: string;
  readonly #timeoutMs: number;
  readonly #access: DashboardAccess;

  /** @param addr host:port */
  constructor(addr: string, timeoutMs = REQUEST_TIMEOUT_MS, access = OPEN_ACCESS) {
    this.addr = addr.startsWith(':') ? `127.0.0.1${addr}` : addr;
    this.#timeoutMs = timeoutMs;
    this.#access = access;
  }

  listGroups(): Promise<GroupRecord[]> {
    return this.#call('listGroups', contract.groupsReply);
  }
  getGroup(groupId: number): Promise<GroupRecord> {
    return this.#call('getGroup', contract.groupReply, { params: { group: groupId } });
  }
  async addGroup(groupId: number): Promise<void> {
    await this.#call('addGroup', contract.okReply, { body: { id: groupId } });
  }
  async removeGroup(groupId: number): Promise<void> {
    await this.#call('removeGroup', contract.okReply, { params: { group: groupId } });
  }
  async addServer(groupId: number, addr: string, type: ServerType): Promise<void> {
    const body = { type, group_id: groupId, addr };
    await this.#call('addServer', contract.okReply, { params: { group: groupId }, body });
  }
  async removeServer(groupId: number, addr: string): Promise<void> {
    const body = { group_id: groupId, addr };
    await this.#call('removeServer', contract.okReply, { params: { group: groupId }, body });
  }
  /** Makes the replica at `addr` the master of the group. */
  async promote(groupId: number, addr: string): Promise<void> {
    const body = { group_id: groupId, addr };
    await this.#call('promote', contract.okReply, { params: { group: groupId }, body });
  }

  listSlots(): Promise<SlotRecord[]> {
    return this.#call('listSlots', contract.slotsReply);
  }
  getSlot(slotId: number): Promise<SlotRecord> {
    return this.#call('getSlot', slotRecord, { params: { slot: slotId } });
  }
  /** Makes the slots. `force`: also if there are some, which are reset to offline. */
  async initSlots(options: { force?: boolean } = {}): Promise<void> {
    const query = options.force ? { is_force: 1 } : {};
    await this.#call('initSlots', contract.okReply, { query });
  }
  async setSlots(body: contract.SetSlotsBody): Promise<void> {
    await this.#call('setSlots', contract.okReply, { body });
  }
  async migrate(body: contract.MigrateBody): Promise<void> {
    await this.#call('migrate', contract.okReply, { body });
  }
  /** @param delayMs to wait between keys */
  async rebalance(delayMs = 0): Promise<void> {
    await this.#call('rebalance', contract.okReply, { query: { delay: delayMs } });
  }
  migrateStatus(): Promise<contract.MigrateStatusReply> {
    return this.#call('migrateStatus', contract.migrateStatusReply);
  }
  migrateTasks(): Promise<MigrateTask[]> {
    return this.#call('migrateTasks', contract.migrateTasksReply);
  }
  /** Computes what would move; changes nothing. */
  planMoves(body: z.input<typeof contract.planBody>): Promise<contract.PlanReply> {
    return this.#call('planMoves', contract.planReply, { body });
  }
  /** @returns the job's id, or null if there was nothing to be moved */
  async startMoves(body: z.input<typeof contract.startMovesBody>): Promise<string | null> {
    return (await this.#call('startMoves', contract.startMovesReply, { body })).job;
  }
  /** Newest first. */
  listJobs(): Promise<contract.JobReply[]> {
    return this.#call('listJobs', contract.jobsReply);
  }
  getJob(job: string): Promise<contract.JobReply> {
    return this.#call('getJob', contract.jobReply, { params: { job } });
  }
  /** Resolves when what was to be stopped has stopped. */
  async controlJob(job: string, body: contract.ControlJobBody): Promise<void> {
    await this.#call('controlJob', contract.okReply, { params: { job }, body });
  }

  listProxies(): Promise<ProxyRecord[]> {
    return this.#call('listProxies', contract.proxiesReply);
  }
  /** `offline`: the proxy drains, removes its nodes and exits. Resolves when that is so. */
  async setProxyState(id: string, state: 'online' | 'offline'): Promise<void> {
    await this.#call('setProxyState', contract.okReply, { body: { id, state } });
  }
  proxyVars(): Promise<contract.ProxyVarsReply> {
    return this.#call('proxyVars', contract.proxyVarsReply);
  }

  overview(): Promise<contract.OverviewReply> {
    return this.#call('overview', contract.overviewReply);
  }
  redisStat(addr: string): Promise<contract.RedisStat> {
    return this.#call('redisStat', contract.redisStatReply, { params: { addr } });
  }
  redisSlotInfo(addr: string, slotId: number): Promise<contract.SlotInfoReply> {
    return this.#call('redisSlotInfo', contract.slotInfoReply, { params: { addr, slot: slotId } });
  }
  groupSlotInfo(groupId: number, slotId: number): Promise<contract.GroupSlotInfoReply> {
    const params = { group: groupId, slot: slotId };
    return this.#call('groupSlotInfo', contract.groupSlotInfoReply, { params });
  }

  /** Deletes old actions: all but the newest `keep`, or those older than `secs` seconds. */
  async gcActions(which: { keep: number } | { secs: number }): Promise<void> {
    await this.#call('gcActions', contract.okReply, { query: which });
  }
  async removeLocks(): Promise<void> {
    await this.#call('removeLocks', contract.okReply);
  }
  /** Removes the fences of proxies that are not registered. */
  async removeFences(): Promise<void> {
    await this.#call('removeFences', contract.okReply);
  }

  /** The newest changes, newest first. */
  async audit(limit: number): Promise<AuditEntry[]> {
    return (await this.#call('audit', auditReply, { query: { limit } })).entries;
  }

  /** What is known of masters and their replicas, and what was done about it. */
  haStatus(): Promise<HaStatusReply> {
    return this.#call('haStatus', haStatusReply);
  }

  health(): Promise<contract.HealthReply> {
    return this.#call('health', contract.healthReply);
  }

  async #call<T>(name: AnyName, reply: z.ZodType<T>, request: Request = {}): Promise<T> {
    const { status, text } = await this.#send(name, request);
    if (status !== 200) throw failure(status, text);
    try {
      return reply.parse(JSON.parse(text));
    } catch (cause) {
      throw new DashboardUnreachableError(
        `what answers at ${this.addr} is not a dashboard of this version`,
        { hint: 'check dashboard_addr in the config file', cause },
      );
    }
  }

  async #send(name: AnyName, request: Request): Promise<HttpAnswer> {
    const { method, path } = { ...ROUTES, ...WEB_ROUTES }[name];
    const { scheme, ca } = this.#access;
    const headers: Record<string, string> = {
      ...this.#access.headers,
      accept: 'application/json',
    };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await sendHttpRequest({
        method,
        url: `${scheme}://${this.addr}${fillIn(path, request)}`,
        ...{ headers, ca },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        timeoutMs: this.#timeoutMs,
      });
    } catch (cause) {
      throw unreachable(this.addr, this.#timeoutMs, cause);
    }
  }
}

function fillIn(path: string, { params = {}, query = {} }: Request): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams(
    Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
  );
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** An original Codis answers errors in plain text; ours in JSON, as we ask it to. */
function failure(status: number, text: string): DashboardRefusedError {
  try {
    const { error, hint } = contract.failureBody.parse(JSON.parse(text));
    return new DashboardRefusedError(error, hint, status);
  } catch {
    const line = text.trim().split('\n')[0] || `the dashboard answered with status ${status}`;
    return new DashboardRefusedError(line, '', status);
  }
}

function unreachable(addr: string, timeoutMs: number, cause: unknown): DashboardUnreachableError {
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return new DashboardUnreachableError(
      `the dashboard at ${addr} did not answer within ${timeoutMs / 1000} s`,
      { hint: 'its outcome is unknown: look with the list and info commands', cause },
    );
  }
  return new DashboardUnreachableError(`no dashboard answers at ${addr}: ${messageOf(cause)}`, {
    hint: 'start it with: codis-config dashboard',
    cause,
  });
}
