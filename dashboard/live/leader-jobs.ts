import type { DashboardAccess } from '../../base/dashboard-access.js';
import { OperatorError } from '../../base/errors.js';
import { DashboardClient } from '../api/client.js';
import type { JobReply } from '../api/contract.js';
import type { Migration } from '../migration/migration.js';
import { hasEnded, type QueueContent } from '../migration/queue.js';

/** A stand-by shows what it can within a turn. */
const ASK_TIMEOUT_MS = 800;

/** Who leads, and how it is asked. */
export interface JobSource {
  readonly leads: () => boolean;
  /** host:port; null: nobody. */
  readonly leader: () => string | null;
  readonly access: () => DashboardAccess;
}

/** Jobs with their progress, which only the dashboard that leads knows; the records else. */
export async function jobsWithProgress(
  { jobs }: QueueContent,
  migration: Migration,
  source: JobSource,
): Promise<JobReply[]> {
  if (jobs.length === 0) return [];
  const leader = source.leader();
  if (source.leads() || leader === null || jobs.every(hasEnded)) return migration.jobs();
  try {
    return await new DashboardClient(leader, ASK_TIMEOUT_MS, source.access()).listJobs();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return migration.jobs();
  }
}
