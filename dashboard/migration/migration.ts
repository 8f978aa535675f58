import type { MigrateBody, MigrateStatusReply } from '../api/contract.js';
import { NotSupportedError } from '../errors.js';

/** Moves of slots between groups. This build shows that there are none, and starts none. */
export class Migration {
  start({ from, to, new_group }: MigrateBody): never {
    throw notSupported(`moving slots ${from}-${to} to group ${new_group}`);
  }

  rebalance(): never {
    throw notSupported('rebalance');
  }

  status(): MigrateStatusReply {
    return { migrate_slots: [], migrate_task: null };
  }

  tasks(): never[] {
    return [];
  }
}

function notSupported(what: string): NotSupportedError {
  return new NotSupportedError(`${what} is not supported by this build yet`, {
    hint: 'slots without keys can be given away with: codis-config slot range-set',
  });
}
