/** Every path of the coordinator's tree, as Codis 2 lays it out. P is `/zk/codis/db_<product>`. */
export class Paths {
  readonly product: string;
  readonly root: string;

  constructor(product: string) {
    this.product = product;
    this.root = `/zk/codis/db_${product}`;
  }

  get slots(): string {
    return `${this.root}/slots`;
  }
  slot(slotId: number): string {
    return `${this.slots}/slot_${slotId}`;
  }

  get servers(): string {
    return `${this.root}/servers`;
  }
  group(groupId: number): string {
    return `${this.servers}/group_${groupId}`;
  }
  server(groupId: number, addr: string): string {
    return `${this.group(groupId)}/${addr}`;
  }
  /** The group's id from the name of its node, or null if the node is not a group's. */
  groupIdOf(nodeName: string): number | null {
    const match = /^group_(\d+)$/.exec(nodeName);
    return match ? Number(match[1]) : null;
  }

  get proxies(): string {
    return `${this.root}/proxy`;
  }
  proxy(proxyId: string): string {
    return `${this.proxies}/${proxyId}`;
  }
  get fences(): string {
    return `${this.root}/fence`;
  }
  fence(addr: string): string {
    return `${this.fences}/${addr}`;
  }

  get actions(): string {
    return `${this.root}/actions`;
  }
  /** @param seq ten digits, as ZooKeeper numbers sequential nodes. */
  action(seq: string): string {
    return `${this.actions}/${seq}`;
  }
  get responses(): string {
    return `${this.root}/ActionResponse`;
  }
  response(seq: string): string {
    return `${this.responses}/${seq}`;
  }
  responseOf(seq: string, proxyId: string): string {
    return `${this.response(seq)}/${proxyId}`;
  }

  get dashboard(): string {
    return `${this.root}/dashboard`;
  }
  /** Not in Codis: its version counts how often a dashboard began to lead. */
  get dashboardEpoch(): string {
    return `${this.root}/dashboard_epoch`;
  }
  /** Not in Codis: an ephemeral node for each dashboard, the one that leads and the others. */
  get dashboards(): string {
    return `${this.root}/dashboards`;
  }
  /** @param addr host:port of its REST API. */
  dashboardAt(addr: string): string {
    return `${this.dashboards}/${addr}`;
  }
  /** Not in Codis: who changed what, a node for each change, of the last ones. */
  get audit(): string {
    return `${this.root}/audit`;
  }
  /**
   * Not in Codis: what the dashboard has written but not yet announced to the proxies. There only
   * while a change is being made, or after a dashboard was killed just then.
   */
  get unannounced(): string {
    return `${this.root}/unannounced`;
  }
  /** Not in Codis: decisions about failover. */
  get haJournal(): string {
    return `${this.root}/ha/journal`;
  }
  /** Not in Codis: masters that were replaced, until they are replicas. */
  get formerMasters(): string {
    return `${this.root}/ha/former`;
  }
  formerMaster(addr: string): string {
    return `${this.formerMasters}/${addr}`;
  }
  /** Not in Codis: the run id of each server on record. */
  get runIds(): string {
    return `${this.root}/ha/run_ids`;
  }
  /** Not in Codis: groups whose commands proxies hold back, while their master is exchanged. */
  get gates(): string {
    return `${this.root}/gate`;
  }
  gate(groupId: number): string {
    return `${this.gates}/group_${groupId}`;
  }
  /** What a proxy says of the gate: a node beside it, as an ephemeral one has no children. */
  gateAnswer(groupId: number, proxyId: string): string {
    return `${this.gate(groupId)}:${proxyId}`;
  }
  /** The proxy's id from the name of its answer to this group's gate; null: it is no such name. */
  gateAnswererOf(groupId: number, nodeName: string): string | null {
    const prefix = `group_${groupId}:`;
    return nodeName.startsWith(prefix) ? nodeName.slice(prefix.length) : null;
  }
  get lock(): string {
    return `${this.root}/LOCK`;
  }
  get migrateTasks(): string {
    return `${this.root}/migrate_tasks`;
  }
  /** @param seq ten digits, as ZooKeeper numbers sequential nodes. */
  migrateTask(seq: string): string {
    return `${this.migrateTasks}/${seq}`;
  }
  /** Not in Codis: the operator's commands that the tasks come from. */
  get migrateJobs(): string {
    return `${this.root}/migrate_jobs`;
  }
  migrateJob(jobId: string): string {
    return `${this.migrateJobs}/${jobId}`;
  }

  get largeKeys(): string {
    return `${this.root}/large_keys`;
  }
  largeKeysOf(slotId: number): string {
    return `${this.largeKeys}/slot_${slotId}`;
  }

  /** Where Jodis clients of Codis 3 look for proxies. */
  get jodis(): string {
    return `/jodis/${this.product}`;
  }
  jodisProxy(token: string): string {
    return `${this.jodis}/proxy-${token}`;
  }
}
