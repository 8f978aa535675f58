import type { Config } from '../../base/config.js';
import { DeadlineError, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Coordinator } from './coordinator.js';
import { EmbeddedCoordinator } from './embedded.js';
import { ZooKeeperCoordinator } from './zookeeper.js';

export interface OpenOptions {
  /**
   * What to do if ZooKeeper does not answer: `fail` after `answerDeadlineMs`, or `wait`: the
   * coordinator is given in its state `connecting` and goes on trying.
   */
  unreachable?: 'fail' | 'wait';
  answerDeadlineMs?: number;
}

/** Long enough for a server of several to be down and the next to be tried. */
const ANSWER_DEADLINE_MS = 5000;

/**
 * The coordinator that the configuration names, with a session, unless told to `wait`.
 *
 * @throws OperatorError if ZooKeeper does not answer or the embedded folder cannot be used.
 */
export async function openCoordinator(
  config: Config,
  log: Logger,
  { unreachable = 'fail', answerDeadlineMs = ANSWER_DEADLINE_MS }: OpenOptions = {},
): Promise<Coordinator> {
  const sessionTimeoutMs = config.zkSessionTimeoutMs;
  if (config.coordinator === 'embedded') {
    try {
      return await EmbeddedCoordinator.open({ folder: config.embeddedPath, sessionTimeoutMs, log });
    } catch (cause) {
      if (!(cause instanceof DeadlineError)) throw cause;
      throw new OperatorError(`another process does not let go of ${config.embeddedPath}`, {
        hint: 'end the process that was stopped (state T in ps) while it wrote there',
        cause,
      });
    }
  }

  const coordinator = new ZooKeeperCoordinator({ servers: config.zk, sessionTimeoutMs, log });
  if (unreachable === 'wait') return coordinator;
  try {
    await coordinator.connected(answerDeadlineMs);
  } catch (cause) {
    const reason = coordinator.lastFailure || `nothing within ${answerDeadlineMs} ms`;
    await coordinator.close();
    throw new OperatorError(`ZooKeeper at ${config.zk} does not answer (${reason})`, {
      hint: 'is it running? zk= in config.ini names it; coordinator=embedded works without one',
      cause,
    });
  }
  return coordinator;
}
