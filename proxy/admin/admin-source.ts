import type { DataPlaneStats } from '../data-plane.js';
import type { TopologyStatus } from '../topology/topology.js';

/** What the admin port shows, read at each request. */
export interface AdminSource {
  topology(): TopologyStatus;
  dataPlane(): DataPlaneStats;
  /** Processes that serve clients; 1 if that is this process alone. */
  readonly workers?: number;
}
