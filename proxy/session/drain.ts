import type { BlockedClients } from '../operation/blocking/blocked-clients.js';
import type { Session } from './session.js';

/**
 * Clients get so long to leave by themselves: those that follow the coordinator do, and those that
 * were told to move; and whoever leaves by himself cannot have a command on its way to a connection
 * that is closed.
 */
export const LEAVE_GRACE_MS = 1_000;
/** How often sessions are looked at; one that is idle at two looks in a row pauses. */
const SWEEP_MS = 20;
/** So long after the grace, a client that never pauses is closed when it has all its replies. */
const PAUSE_PATIENCE_MS = 500;
/** How often such a client is looked at: it is idle for the time that its next command takes. */
const IDLE_POLL_MS = 1;

/**
 * Waits for clients to leave, then closes each session when it pauses or, for want of a pause, when
 * it is idle. A client that is blocked is answered as if its time was over, or with what it has just
 * got, and then closed. Those that are not idle once are closed at half of the time, between two
 * commands and after all replies. Ends when there is no session, or after the time.
 */
export async function drain(
  sessions: ReadonlySet<Session>,
  blocked: BlockedClients,
  timeoutMs: number,
): Promise<void> {
  const startedAt = performance.now();
  const graceMs = Math.min(LEAVE_GRACE_MS, timeoutMs / 4);
  const unblocked = new Set<Session>();
  for (const session of sessions) session.idleSweeps = 0;
  for (;;) {
    const passedMs = performance.now() - startedAt;
    if (sessions.size === 0 || passedMs > timeoutMs) return;
    const isImpatient = passedMs > graceMs + PAUSE_PATIENCE_MS;
    if (passedMs > graceMs) {
      for (const session of sessions) {
        const pauses = session.isIdle && (isImpatient || session.idleSweeps > 0);
        const isBlocked = !unblocked.has(session) && blocked.unblock(session.clientId, 'TIMEOUT');
        if (isBlocked) unblocked.add(session);
        if (pauses || isBlocked || passedMs > timeoutMs / 2) session.closeAfterReply();
        session.idleSweeps++;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, isImpatient ? IDLE_POLL_MS : SWEEP_MS));
  }
}
