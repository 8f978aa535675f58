import { masterOf } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { LiveState } from '../api/live-contract.js';
import type { ChangeBody } from '../api/web-contract.js';
import { ConflictError } from '../errors.js';
import { assertWithoutSlots, existingGroup, existingServer } from '../service/groups.js';
import { promotableServer } from '../service/promote.js';
import type { Servers } from '../service/servers.js';
import type { Draft } from './plan.js';

type Of<Change extends ChangeBody['change']> = Extract<ChangeBody, { change: Change }>;

const TELL_PROXIES = 'the proxies are told';
const CONFIRMED = 'every proxy has to acknowledge; if one does not, it is taken back';

/** Plans for groups and their servers. @throws what carrying it out would, as far as it can be seen */
export class GroupPlans {
  readonly #store: Store;
  readonly #servers: Servers;

  constructor(store: Store, servers: Servers) {
    this.#store = store;
    this.#servers = servers;
  }

  async addGroup({ group }: Of<'add-group'>): Promise<Draft> {
    if (await this.#store.loadGroup(group)) throw new ConflictError('group already exists');
    return {
      summary: `make group ${group}`,
      steps: [`group ${group} is there, without servers and slots`, TELL_PROXIES],
      undo: 'remove the group again',
      undoChange: { change: 'remove-group', group },
      ...{ seconds: 0, route: 'addGroup', body: { id: group } },
    };
  }

  async removeGroup({ group: groupId }: Of<'remove-group'>): Promise<Draft> {
    const group = await existingGroup(this.#store, groupId);
    await assertWithoutSlots(this.#store, groupId, `group ${groupId} cannot be removed`);
    const addrs = (group.servers ?? []).map(({ addr }) => addr);
    return {
      summary: `remove group ${groupId}`,
      steps: [
        addrs.length > 0
          ? `group ${groupId} is gone from the records, and with it ${addrs.join(', ')}`
          : `group ${groupId} is gone from the records`,
        ...(addrs.length > 0 ? ['the servers themselves go on running, with what they hold'] : []),
        TELL_PROXIES,
      ],
      undo: addrs.length > 0 ? 'make the group again, and add its servers' : 'make the group again',
      ...(addrs.length === 0 && { undoChange: { change: 'add-group', group: groupId } }),
      ...(addrs.length > 0 && { confirmName: `group ${groupId}` }),
      ...{ seconds: 0, route: 'removeGroup', params: { group: groupId } },
    };
  }

  async addServer(change: Of<'add-server'>, state: LiveState | null): Promise<Draft> {
    const { group: groupId, addr, type } = change;
    await this.#servers.check(groupId, addr, type);
    const group = await existingGroup(this.#store, groupId);
    const master = masterOf(group);
    const wasOurs = group.servers?.some((server) => server.addr === addr) ?? false;
    const body = { addr, type, group_id: groupId };
    const common = { route: 'addServer', params: { group: groupId }, body } as const;
    const undo = 'remove the server from the group';
    const undoChange = { change: 'remove-server', group: groupId, addr } as const;
    if (type === 'master') {
      return {
        ...{ ...common, undo, undoChange, seconds: 1 },
        summary: `add ${addr} to group ${groupId} as its master`,
        steps: [`${addr} is the master of group ${groupId}`, `${TELL_PROXIES}; ${CONFIRMED}`],
      };
    }
    const bytes = (master === null ? null : state?.servers[master]?.memory) ?? null;
    return {
      ...{ ...common, undo, undoChange, bytes, seconds: 1, isExact: false },
      summary: `add ${addr} to group ${groupId} as a replica of ${master}`,
      steps: [
        `${addr} is made a replica of ${master}, and receives a copy of its data`,
        `${addr} is in group ${groupId}`,
        TELL_PROXIES,
      ],
      warnings: [
        'the copy goes on after this; until it is there, the replica cannot be promoted',
        ...(wasOurs ? [`what only ${addr} has is dropped`] : []),
      ],
      ...(wasOurs && { confirmName: addr }),
    };
  }

  async removeServer({ group: groupId, addr }: Of<'remove-server'>): Promise<Draft> {
    const group = await existingGroup(this.#store, groupId);
    const server = existingServer(group, addr);
    const isMaster = server.type === 'master';
    if (isMaster) await assertWithoutSlots(this.#store, groupId, `the master ${addr} must stay`);
    const replicas = group.servers!.filter(({ type }) => type === 'slave').length;
    const warnings: string[] = [];
    if (isMaster && replicas > 0) warnings.push('the group is left without a master');
    if (server.type === 'slave' && replicas === 1) {
      warnings.push(
        `group ${groupId} is left without a replica: if its master dies, keys are lost`,
      );
    }
    const type = server.type === 'offline' ? 'slave' : server.type;
    return {
      summary: `remove ${addr} from group ${groupId}`,
      steps: [
        `${addr} (${server.type}) is gone from the records of group ${groupId}`,
        `${addr} itself goes on running, with what it holds`,
        isMaster ? `${TELL_PROXIES}; ${CONFIRMED}` : TELL_PROXIES,
      ],
      warnings,
      undo: `add it as ${type} again`,
      undoChange: { change: 'add-server', group: groupId, addr, type },
      ...(warnings.length > 0 && { confirmName: addr }),
      ...{ seconds: isMaster ? 1 : 0, route: 'removeServer', params: { group: groupId } },
      body: { addr, group_id: groupId },
    };
  }

  async promote({ group: groupId, addr }: Of<'promote'>, state: LiveState | null): Promise<Draft> {
    const group = await existingGroup(this.#store, groupId);
    promotableServer(group, addr);
    const master = masterOf(group);
    const old = master === null ? undefined : state?.servers[master];
    const isAlive = old !== undefined && old.state !== 'down';
    const chosen = state?.servers[addr];
    const others = group.servers!.filter(
      (server) => server.type === 'slave' && server.addr !== addr,
    ).length;
    const warnings: string[] = [];
    if (master !== null && !isAlive) {
      warnings.push(`${master} does not answer: what it had not sent to ${addr} is lost`);
    }
    if (chosen?.state === 'down') warnings.push(`${addr} does not answer: it will be refused`);
    if (chosen?.lag_bytes)
      warnings.push(`${addr} is ${chosen.lag_bytes} bytes behind at the moment`);
    const slots = state?.groups[groupId]?.slots ?? 0;
    return {
      summary: `promote ${addr} to master of group ${groupId}`,
      steps: [
        ...(isAlive
          ? [
              `writes at ${master} are paused until ${addr} has received the rest, 5 s at most`,
              `${addr} becomes the master, and ${master} its replica`,
            ]
          : [`${addr} becomes the master`]),
        ...(others > 0 ? [`the other replicas (${others}) follow ${addr}`] : []),
        ...(master === null
          ? []
          : [`the record of ${master} says offline until it is added as slave again`]),
        `${TELL_PROXIES}, and every one has to acknowledge; it is not taken back if one does not`,
      ],
      warnings,
      undo: master === null ? '' : `add ${master} as slave, and promote it when it has caught up`,
      ...{ slots, keys: old?.keys ?? null, seconds: isAlive ? 2 : 5 },
      ...(isAlive ? {} : { confirmName: addr }),
      ...{ route: 'promote', params: { group: groupId }, body: { addr, group_id: groupId } },
    };
  }
}
