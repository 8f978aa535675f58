import type { DataPlaneStats } from '../data-plane.js';
import type { TopologyStatus } from '../topology/topology.js';

/** What the admin port shows, read at each request. */
export interface AdminSource {
  topology(): TopologyStatus;
  dataPlane(): DataPlaneStats;
}
