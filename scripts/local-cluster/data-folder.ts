import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, OperatorError } from '../../base/errors.js';
import {
  fateOf,
  ownIdentity,
  type ProcessIdentity,
} from '../../cluster/coordinator/process-identity.js';
import { type RecordedCluster, shownFolder } from './plan.js';

const owner: z.ZodType<ProcessIdentity> = z.object({
  pid: z.number().int(),
  startTime: z.string(),
  scope: z.string(),
});

const recordedCluster: z.ZodType<RecordedCluster> = z.object({
  product: z.string(),
  coordinator: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('embedded') }),
    z.object({ kind: z.literal('zookeeper'), port: z.number() }),
    z.object({ kind: z.literal('external'), zk: z.string() }),
  ]),
  servers: z.array(
    z.object({
      group: z.number(),
      port: z.number(),
      state: z.enum(['planned', 'added', 'given up']),
    }),
  ),
  slotsAssigned: z.boolean(),
});

/** The one folder that everything is kept in, held by one run at a time. */
export class DataFolder {
  readonly path: string;
  /** The run before this one ended without letting go: its processes may still be ending. */
  readonly wasAbandoned: boolean;
  readonly #lock: string;

  private constructor(path: string, wasAbandoned: boolean) {
    this.path = path;
    this.#lock = join(path, 'lock');
    this.wasAbandoned = wasAbandoned;
  }

  /**
   * Makes the folder if need be and holds it until `release`, or until this process ends.
   *
   * @throws OperatorError if another run holds it, or it cannot be written.
   */
  static acquire(path: string): DataFolder {
    const lock = join(path, 'lock');
    const mine = join(path, `lock.${process.pid}`);
    try {
      mkdirSync(path, { recursive: true });
      writeFileSync(mine, JSON.stringify(ownIdentity()));
    } catch (cause) {
      throw new OperatorError(`cannot write to the data folder: ${messageOf(cause)}`, {
        hint: 'choose another one with --data',
        cause,
      });
    }
    try {
      return new DataFolder(path, takeLock(path, lock, mine));
    } finally {
      rmSync(mine, { force: true });
    }
  }

  release(): void {
    rmSync(this.#lock, { force: true });
  }

  /** Null if the folder is new. */
  readCluster(): RecordedCluster | null {
    let text: string;
    try {
      text = readFileSync(this.#clusterFile, 'utf8');
    } catch {
      // A file that is there and cannot be read will fail to be written, too, and says so then.
      return null;
    }
    try {
      return recordedCluster.parse(JSON.parse(text));
    } catch (cause) {
      throw new OperatorError(`${shownFolder(this.#clusterFile)} is not one of this version`, {
        hint: 'choose another folder with --data, or delete this one',
        cause,
      });
    }
  }

  saveCluster(cluster: RecordedCluster): void {
    const fresh = `${this.#clusterFile}.new`;
    writeFileSync(fresh, `${JSON.stringify(cluster, null, 2)}\n`);
    renameSync(fresh, this.#clusterFile);
  }

  get #clusterFile(): string {
    return join(this.path, 'cluster.json');
  }
}

/** A link is made with its content in one step. Returns whether a dead run's lock was in the way. */
function takeLock(path: string, lock: string, mine: string): boolean {
  let wasAbandoned = false;
  for (;;) {
    try {
      linkSync(mine, lock);
      return wasAbandoned;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readOwner(lock);
    if (holder && isRunning(holder)) {
      throw new OperatorError(
        `the data folder ${shownFolder(path)} is in use by another run (process ${holder.pid})`,
        { hint: 'stop that one, or choose another folder with --data' },
      );
    }
    wasAbandoned = true;
    removeStaleLock(lock, `${mine}.stale`, holder);
  }
}

/** Where nothing tells a process from a later one of its number, the number alone has to do. */
function isRunning(holder: ProcessIdentity): boolean {
  const fate = fateOf(holder);
  return fate === 'exists' || (fate === 'unknown' && holder.scope === ownIdentity().scope);
}

/** Of two runs that saw the same dead lock, the later must not remove the earlier's new one. */
function removeStaleLock(lock: string, aside: string, seen: ProcessIdentity | null): void {
  try {
    renameSync(lock, aside);
  } catch {
    // Somebody else removed it.
    return;
  }
  const taken = readOwner(aside);
  if (JSON.stringify(taken) === JSON.stringify(seen)) {
    rmSync(aside, { force: true });
  } else {
    renameSync(aside, lock);
  }
}

function readOwner(file: string): ProcessIdentity | null {
  try {
    return owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Gone, or left half-written by a machine that lost power: nobody's.
    return null;
  }
}
