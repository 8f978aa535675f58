import { afterEach, describe, expect, it } from 'vitest';
import { fetchState } from '../../../dashboard/service/redis-info.js';
import { eventually } from '../../support/eventually.js';
import { command, HaCluster, Writer } from './ha-cluster.js';

let ha: HaCluster;
const writers: Writer[] = [];
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.stop()));
  await ha.stop();
});

function write(proxy: number, name: string): Writer {
  const writer = new Writer(ha.cluster.proxies[proxy]!.port, name);
  writers.push(writer);
  return writer;
}

describe('a master that is killed', () => {
  it('is replaced by the replica with most of its stream, and comes back as its replica', async () => {
    ha = await HaCluster.start({ replicas: 2, proxies: 2 });
    const [first] = ha.servers;
    const [one, two] = [write(0, 'one'), write(1, 'two')];
    await eventually('there is load', () => one.times.length > 50 && two.times.length > 50);
    const killedAt = performance.now();
    await first!.process.stop('SIGKILL');
    const next = await ha.otherMaster(first!);
    await eventually('writes flow again', () =>
      [one, two].every(({ times }) => times.at(-1)! > killedAt + 1_000),
    );
    console.log(
      'longest gaps:',
      [one, two].map((writer) => Math.round(writer.longestGapMs(killedAt))),
    );
    const { events, groups } = await eventually('it is in the journal', async () => {
      const status = await ha.client.haStatus();
      return status.events[0]?.event === 'failover' ? status : null;
    });
    expect(groups[0]).toMatchObject({ master: next.addr, last_failover: expect.any(Number) });
    expect(events[0]!.evidence).toMatchObject({
      master: first!.addr,
      against: expect.arrayContaining(['dashboard']),
      needed: 2,
    });
    const [audited] = (await ha.client.audit(10)).filter(({ who }) => who === 'failover');
    expect(audited).toMatchObject({ what: `group 1: ${events[0]!.words}`, outcome: 'done' });
    expect(audited!.after).toContain('"needed": 2');
    const third = ha.servers.find((server) => server !== first && server !== next)!;
    expect((await fetchState(third.addr, '')).masterAddr).toBe(next.addr);

    const again = await ha.restart(first!);
    await eventually(
      'it is a slave on record',
      async () => (await ha.types())[again.addr] === 'slave',
    );
    expect((await fetchState(again.addr, '')).masterAddr).toBe(next.addr);
    await expect(command(again, 'SET', 'x', '1')).rejects.toThrow('READONLY');
    await eventually('all of it is in the journal', async () => {
      const told = (await ha.client.haStatus()).events.map(({ event }) => event);
      return told.slice(0, 3).join() === 'rejoined,returned,failover';
    });
    await ha.isWhole();
  });
});
