import { join } from 'node:path';
import { messageOf } from '../../base/errors.js';
import { buildModule } from '../local-cluster/module.js';
import { Random } from '../support/random.js';
import { PASSWORD } from './checker/connection.js';

/** What the servers of a run are like, besides what its options say. */
export interface Setup {
  /** Servers and proxies ask for one. */
  readonly hasPassword: boolean;
  /** Groups whose servers have the SLOTS* commands. */
  readonly moduleGroups: readonly number[];
}

/** A setup for the seed: half of the seeds have a password, two thirds the module somewhere. */
export function setupOf(seed: number, groups: number): Setup {
  const random = new Random(seed);
  const all = Array.from({ length: groups }, (_, index) => index + 1);
  const hasPassword = random.oneIn(2);
  return { hasPassword, moduleGroups: random.pick([[], [random.whole(1, groups)], all]) };
}

/** More arguments for the redis-servers of each group. */
export async function serverArguments(
  { hasPassword, moduleGroups }: Setup,
  projectFolder: string,
  say: (line: string) => void,
): Promise<(groupId: number) => readonly string[]> {
  const password = hasPassword ? ['--requirepass', PASSWORD, '--masterauth', PASSWORD] : [];
  let module: readonly string[] = [];
  if (moduleGroups.length > 0) {
    try {
      module = ['--loadmodule', join(await buildModule(projectFolder, say))];
    } catch (error) {
      say(`without the module: ${messageOf(error)}`);
    }
  }
  const modules = module.length > 0 ? moduleGroups : [];
  say(`password: ${hasPassword ? 'yes' : 'no'}; module in groups: ${modules.join(', ') || 'none'}`);
  return (groupId) => [...password, ...(modules.includes(groupId) ? module : [])];
}
