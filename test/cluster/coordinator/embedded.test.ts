import { silentLog } from '../../../base/log.js';
import { EmbeddedCoordinator } from '../../../cluster/coordinator/embedded.js';
import { temporaryFolder } from '../../support/process.js';
import { type Clients, describeCoordinator } from './conformance.js';
import { describeHistories } from './random-histories.js';

async function start(): Promise<Clients> {
  const folder = temporaryFolder();
  return {
    open: () => EmbeddedCoordinator.open({ folder, sessionTimeoutMs: 10_000, log: silentLog() }),
    end: async () => undefined,
  };
}

describeCoordinator('embedded', start);
describeHistories('embedded', start);
