import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../base/errors.js';
import { sendHttpRequest } from '../../base/http-request.js';
import type { Logger } from '../../base/log.js';
import { isSameProxy, type ProxyRecord, proxyRecord } from '../../cluster/model/proxy.js';
import { IdTakenError, type Registration } from './registration.js';

const PROBE_TIMEOUT_MS = 1_000;
const LOOK_AGAIN_MS = 200;
/** What the coordinator may need beyond the session timeout until it drops a dead session's node. */
const EXPIRY_MARGIN_MS = 5_000;

/**
 * Registers, waiting for the node of a former life of this proxy (killed, so that it could not
 * remove it) to expire.
 *
 * @throws OperatorError if another process that is alive has our id: it answers as the holder on
 * its admin port, or the node is still there long after a dead process's would have gone.
 * @throws CoordinatorError; an `aborted` signal's reason.
 */
export async function claimId(
  registration: Registration,
  sessionTimeoutMs: number,
  log: Logger,
  aborted: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + sessionTimeoutMs + EXPIRY_MARGIN_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      await registration.ensure();
      return;
    } catch (error) {
      if (!(error instanceof IdTakenError)) throw error;
      const alive = error.holder !== null && (await answersAs(error.holder, aborted));
      if (alive || Date.now() > deadline) throw idTaken(registration.record.id, error);
      if (attempt === 0) {
        log.warn(
          { path: registration.path, holder: error.holder, waitMs: sessionTimeoutMs },
          'the node of a former proxy of this id is still there: waiting for it to expire',
        );
      }
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal: aborted });
  }
}

/** One line for the operator: who has our id. */
export function idTaken(id: string, error: IdTakenError): OperatorError {
  const { holder } = error;
  const who = holder ? `, listening on ${holder.addr} with pid ${holder.pid}` : '';
  return new OperatorError(`the proxy id ${id} is in use by another process${who}`, {
    hint: 'give each proxy a proxy_id of its own in its config.ini, or stop the other one',
    cause: error,
  });
}

/** True if the admin port in the record is answered by the very process that wrote the record. */
async function answersAs(holder: ProxyRecord, aborted: AbortSignal): Promise<boolean> {
  try {
    const answer = await sendHttpRequest({
      method: 'GET',
      url: `http://${holder.debug_var_addr}/healthz`,
      timeoutMs: PROBE_TIMEOUT_MS,
      aborted,
    });
    const identity = proxyRecord.pick({ id: true, pid: true, start_at: true });
    return isSameProxy({ ...holder, ...identity.parse(JSON.parse(answer.text)) }, holder);
  } catch {
    // Refused, silent, or something that is not one of our proxies: no proof of life.
    aborted.throwIfAborted();
    return false;
  }
}
