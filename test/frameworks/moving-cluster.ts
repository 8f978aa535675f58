import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';

/** Two groups and two proxies, as frameworks find them, whose slots can be moved meanwhile. */
export class MovingCluster {
  readonly cluster: TestCluster;
  #moves = 0;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  static async start(): Promise<MovingCluster> {
    return new MovingCluster(
      await TestCluster.start({ proxies: 2, dashboard: 'process', proxyArgs: ['--cpu=1'] }),
    );
  }

  /** Ports of the two proxies. */
  get ports(): readonly number[] {
    return this.cluster.proxies.map(({ port }) => port);
  }

  /** How often slots have gone from one group to the other. */
  get moves(): number {
    return this.#moves;
  }

  /** Moves slots to and fro until the promise is settled; at least once. */
  async moveWhile(work: Promise<unknown>, slots: readonly [from: number, to: number]) {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    // Its outcome is awaited at the end.
    done.catch(() => {});
    for (let [from, to] = [1, 2]; !isDone || this.#moves === 0; [from, to] = [to, from]) {
      await this.#move(slots, from, to);
      this.#moves++;
    }
    await done;
  }

  async #move([first, last]: readonly [number, number], from: number, to: number): Promise<void> {
    const { client } = this.cluster.dashboard;
    await client.startMoves({
      what: `slots ${first}-${last} to group ${to}`,
      moves: [{ from_group: from, to_group: to, slots: [[first, last]] }],
    });
    await eventually(`slots ${first}-${last} are in group ${to}`, async () => {
      const slots = await client.listSlots();
      return slots
        .slice(first, last + 1)
        .every(({ group_id, state }) => group_id === to && state.status === 'online');
    });
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}
