import { ClusterCharts } from '../charts/cluster-charts.js';
import { activeJobs, problems, proxies } from '../live/state.js';
import { JobCard } from '../moves/job-card.js';
import { GuidedStart, isSetUp } from '../overview/guided-start.js';
import { Problems } from '../overview/problems.js';
import { ProxyFigures } from '../overview/proxy-figures.js';
import { Shares } from '../overview/shares.js';

/** The cluster at a glance: problems first. */
export function OverviewPage() {
  return (
    <>
      <div class="page-head">
        <h1>Overview</h1>
      </div>
      <GuidedStart />
      {(problems.value.length > 0 || isSetUp.value) && <Problems />}
      {activeJobs.value.map((job) => (
        <JobCard key={job.id} job={job} />
      ))}
      {proxies.value.length > 0 && <ClusterCharts />}
      <Shares />
      <ProxyFigures />
    </>
  );
}
