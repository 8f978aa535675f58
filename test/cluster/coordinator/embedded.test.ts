import { silentLog } from '../../../base/log.js';
import { EmbeddedCoordinator } from '../../../cluster/coordinator/embedded.js';
import { temporaryFolder } from '../../support/process.js';
import { describeCoordinator } from './conformance.js';

describeCoordinator('embedded', async () => {
  const folder = temporaryFolder();
  return {
    open: () => EmbeddedCoordinator.open({ folder, sessionTimeoutMs: 10_000, log: silentLog() }),
    end: async () => undefined,
  };
});
