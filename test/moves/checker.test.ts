import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { CheckedLoad } from '../../scripts/chaos/checked-load.js';
import { Connection } from '../../scripts/chaos/checker/connection.js';
import { Findings } from '../../scripts/chaos/checker/findings.js';
import { ChaosCluster } from '../../scripts/chaos/cluster/chaos-cluster.js';
import { eventually } from '../support/eventually.js';

let cluster: ChaosCluster;
let findings: Findings;
let load: CheckedLoad;

beforeEach(async () => {
  cluster = await ChaosCluster.start({
    groups: 2,
    groupsWithSlots: 2,
    replicas: 0,
    proxies: 2,
    coordinator: 'embedded',
    redisArgs: () => [],
    config: {},
  });
  findings = new Findings();
  load = new CheckedLoad(
    {
      seed: 1,
      workers: 2,
      rate: 1_000,
      cells: 8,
      slots: { from: 0, to: 1023 },
      ballastKeys: 2_000,
      ballastBytes: 20,
      hasFaults: false,
    },
    cluster.clientPorts,
    findings,
  );
  await load.start();
  await eventually('the load has done something', () => load.run.operations > 1_000);
});

afterEach(async () => {
  await cluster.stop('remove');
});

/** Runs commands on a server, behind the proxies' backs. */
async function behindTheirBacks(groupId: number, ...commands: string[][]): Promise<void> {
  const connection = await Connection.open((await cluster.masters()).get(groupId)!);
  for (const command of commands) await connection.call(...command);
  connection.close();
}

async function finish(): Promise<void> {
  await load.finish(cluster.store, await cluster.masters());
}

/** Of the keys that lie there. */
function ballastOf(groupId: number): string {
  const [from, to] = groupId === 1 ? [0, 511] : [512, 1023];
  for (let index = 0; ; index++) {
    const slot = slotOf(`ballast:${index}`);
    if (slot >= from! && slot <= to!) return `ballast:${index}`;
  }
}

describe('the checker', () => {
  it('finds nothing where nothing is wrong', async () => {
    await finish();
    expect(findings.differences).toEqual([]);
    expect(findings.errors).toEqual(new Map());
  });

  it('finds writes that are lost while clients go on', async () => {
    await behindTheirBacks(1, ['FLUSHALL']);
    await eventually('a reply is wrong', () => findings.differenceCount > 0);
    await finish();
    const found = findings.differences.join('\n');
    expect(found).toMatch(/was answered .*, not /);
    expect(found).toContain('before it, the oldest first:');
  });

  it('finds elements and messages that are lost, or come of nowhere', async () => {
    const [one, other] = load.queues.keys;
    const channel = load.messages.channels[0]!;
    const groupOf = (key: string) => (slotOf(key) < 512 ? 1 : 2);
    await eventually('there are elements and messages', () => {
      return load.queues.count > 100 && load.messages.count > 100;
    });
    await behindTheirBacks(groupOf(one!), ['BLPOP', one!, '0']);
    await behindTheirBacks(groupOf(other!), ['RPUSH', other!, 'nobody’s']);
    await behindTheirBacks(groupOf(channel), ['PUBLISH', channel, '0']);
    await eventually('both are noticed', () => findings.differenceCount > 1);
    await finish();
    const found = findings.differences.join('\n');
    expect(found).toContain(`1 elements of ${one} were lost`);
    expect(found).toMatch(/nobody.* of queue\S+ came, and its push was refused/);
    expect(found).toContain(`${channel}: message 0 came after `);
  });

  it('finds what is wrong at the end', async () => {
    const counter = load.run.shared.keys.counters[0]!;
    await behindTheirBacks(slotOf(counter) < 512 ? 1 : 2, ['INCRBY', counter, '1000']);
    await behindTheirBacks(1, ['DEL', ballastOf(1)], ['SET', ballastOf(2), 'x']);
    await behindTheirBacks(2, ['SET', ballastOf(1), 'x'], ['SELECT', '3'], ['SET', 'who', 'x']);
    const [slot] = await cluster.store.loadSlots(7, 7);
    const state = { ...slot!.state, status: 'pre_migrate' as const };
    await cluster.store.saveSlots([{ ...slot!, state }]);
    await finish();
    const found = findings.differences.join('\n');
    expect(found).toMatch(/shared:counter:0\S+ is \d+: \d+ increments were acknowledged/);
    expect(found).toContain(`${ballastOf(2)} lies in group 1`);
    expect(found).toContain(`${ballastOf(1)} lies in group 2`);
    expect(found).toMatch(/who (lies in group 2|in group 2 is nobody's)/);
    expect(found).toMatch(new RegExp(`GET ${ballastOf(1)} .* gave nothing`));
    expect(found).toContain('slot 7 is pre_migrate in group 1');
  });
});
