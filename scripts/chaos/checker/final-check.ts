import { NO_GROUP, type SlotRecord } from '../../../cluster/model/slot.js';
import { SLOT_COUNT, slotOf } from '../../../cluster/slot-hash.js';
import { type Plain, toPlain } from '../../../resp/decode.js';
import type { Ballast } from './ballast.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';
import { ROLES } from './model/cell-steps.js';
import type { Operation } from './operation.js';
import { outcomeOf } from './outcome.js';
import type { SharedKeys } from './shared-keys.js';
import type { Worker } from './worker.js';

const TIMEOUT_MS = 30_000;

/** What has to be in the servers at the end. */
export interface Contents {
  readonly workers: readonly Worker[];
  readonly shared: SharedKeys;
  readonly ballast: Ballast;
}

/** The servers, asked directly. */
class Groups {
  readonly #connections: ReadonlyMap<number, Connection>;
  readonly #table: readonly SlotRecord[];

  constructor(connections: ReadonlyMap<number, Connection>, table: readonly SlotRecord[]) {
    this.#connections = connections;
    this.#table = table;
  }

  ownerOf(key: string): number {
    return this.#table[slotOf(Buffer.from(key, 'latin1'))]?.group_id ?? NO_GROUP;
  }

  at(groupId: number): Connection {
    const connection = this.#connections.get(groupId);
    if (!connection) throw new Error(`there is no group ${groupId}`);
    return connection;
  }

  get all(): Iterable<[groupId: number, connection: Connection]> {
    return this.#connections;
  }
}

/**
 * Compares everything with the models when nothing moves and nobody writes: the slot table, the
 * value of each key in the group that owns its slot, and that there are no other keys anywhere.
 *
 * @param masters the port of each group's master
 */
export async function checkContents(
  contents: Contents,
  table: readonly SlotRecord[],
  masters: ReadonlyMap<number, number>,
  findings: Findings,
): Promise<void> {
  checkTable(table, new Set(masters.keys()), findings);
  const connections = new Map<number, Connection>();
  for (const [groupId, port] of masters) connections.set(groupId, await Connection.open(port));
  const groups = new Groups(connections, table);
  try {
    for (const worker of contents.workers) await checkWorker(worker, groups, findings);
    await checkShared(contents.shared, groups);
    await checkPlaces(contents, groups, findings);
  } finally {
    for (const connection of connections.values()) connection.close();
  }
}

function checkTable(
  table: readonly SlotRecord[],
  groupIds: ReadonlySet<number>,
  findings: Findings,
): void {
  if (table.length !== SLOT_COUNT) findings.difference(`the table has ${table.length} slots`);
  for (const { id, group_id, state } of table) {
    const { from, to } = state.migrate_status;
    const isAtRest = state.status === 'online' && from === NO_GROUP && to === NO_GROUP;
    if (!isAtRest || !groupIds.has(group_id)) {
      findings.difference(
        `slot ${id} is ${state.status} in group ${group_id}, from ${from} to ${to}`,
      );
    }
  }
}

async function checkWorker(worker: Worker, groups: Groups, findings: Findings): Promise<void> {
  for (const cell of worker.cells) {
    const operations = cell.recover();
    await exchange(groups.at(groups.ownerOf(cell.name('s1'))), cell.database, operations);
    cell.conclude();
  }
  for (const large of worker.large) {
    const connection = groups.at(groups.ownerOf(large.key));
    await exchange(connection, large.database, large.readAll());
  }
  for (const subject of worker.expiring) {
    const sent = performance.now();
    const before = subject.possibleNow(sent);
    const found = await read(groups, subject.database, 'GET', subject.key);
    // Its time may have come between the two looks.
    const possible = [...before, ...subject.possibleNow(performance.now())];
    if (subject.isCertain && !possible.includes(found as string | null)) {
      findings.difference(
        `${subject.key} has ${JSON.stringify(found)}, not ${JSON.stringify(possible)}`,
      );
    }
  }
}

async function exchange(
  connection: Connection,
  database: number,
  operations: readonly Operation[],
): Promise<void> {
  const sent = performance.now();
  const answers = await connection.exchangeIn(
    database,
    operations.map(({ args }) => args),
    TIMEOUT_MS,
  );
  for (const [index, operation] of operations.entries()) {
    const { value, received } = answers[index]!;
    operation.settle(outcomeOf(value, connection.end), { sent, received });
  }
}

async function read(
  groups: Groups,
  database: number,
  ...command: readonly [name: string, key: string, ...args: string[]]
): Promise<Plain> {
  const connection = groups.at(groups.ownerOf(command[1]));
  const [answer] = await connection.exchangeIn(database, [command], TIMEOUT_MS);
  const value = answer?.value ?? null;
  if (value === null) throw new Error(`${command.join(' ')}: ${connection.end}`);
  return toPlain(value);
}

async function checkShared(shared: SharedKeys, groups: Groups): Promise<void> {
  for (const key of shared.keys.counters) {
    shared.check(key, (await read(groups, 0, 'GET', key)) as string | null);
  }
  for (const key of shared.keys.logs) {
    shared.check(key, (await read(groups, 0, 'LRANGE', key, '0', '-1')) as string[]);
  }
}

/** Every key is where its slot is, in its database, and is one that we know of. */
async function checkPlaces(contents: Contents, groups: Groups, findings: Findings): Promise<void> {
  const databases = new Map<string, number>();
  for (const key of Object.values(contents.shared.keys).flat()) databases.set(key, 0);
  for (const { cells, expiring, large } of contents.workers) {
    for (const cell of cells) {
      for (const role of Object.keys(ROLES)) databases.set(cell.name(role), cell.database);
    }
    for (const { key, database } of [...expiring, ...large]) databases.set(key, database);
  }
  for (const [groupId, connection] of groups.all) {
    for await (const { database, key } of allKeys(connection)) {
      const owner = groups.ownerOf(key);
      const right = contents.ballast.has(key) ? 0 : databases.get(key);
      if (owner !== groupId) {
        findings.difference(
          `${key} lies in group ${groupId}; its slot ${slotOf(key)} is group ${owner}'s`,
        );
      } else if (right === undefined) {
        findings.difference(`${key} in group ${groupId} is nobody's`);
      } else if (right !== database) {
        findings.difference(`${key} lies in database ${database}, not ${right}`);
      }
    }
  }
}

async function* allKeys(connection: Connection): AsyncGenerator<{ database: number; key: string }> {
  const info = String(toPlain(await connection.call('INFO', 'keyspace')));
  const databases = [...info.matchAll(/^db(\d+):/gm)].map((match) => Number(match[1]));
  for (const database of databases) {
    let cursor = '0';
    do {
      const scan = ['SCAN', cursor, 'COUNT', '1000'];
      const [answer] = await connection.exchangeIn(database, [scan], TIMEOUT_MS);
      const value = answer?.value ?? null;
      if (value === null) throw new Error(`SCAN: ${connection.end}`);
      const [next, keys] = toPlain(value) as [string, string[]];
      for (const key of keys) yield { database, key };
      cursor = next;
    } while (cursor !== '0');
  }
}
