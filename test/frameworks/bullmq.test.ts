import { Queue, QueueEvents, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { eventually } from '../support/eventually.js';
import { MovingCluster } from './moving-cluster.js';

const JOBS = 1000;
/** A hash tag keeps the keys of BullMQ's scripts in one slot, as for Redis Cluster. */
const PREFIX = '{bull}';

let moving: MovingCluster;

beforeAll(async () => {
  moving = await MovingCluster.start();
});
afterAll(() => moving.stop());

function connection(index: number) {
  return { host: '127.0.0.1', port: moving.ports[index % 2]!, maxRetriesPerRequest: null };
}

test(`BullMQ does ${JOBS} jobs once each, some delayed and repeated, while their slot moves`, async () => {
  const done = new Map<string, number>();
  const failed: string[] = [];
  const workers = [0, 1, 2].map((index) => {
    const worker = new Worker(
      'work',
      async (job) => {
        const name = String(job.data.n ?? job.name);
        done.set(name, (done.get(name) ?? 0) + 1);
        return job.data.n;
      },
      { connection: connection(index), prefix: PREFIX, concurrency: 10 },
    );
    worker.on('error', (error) => failed.push(String(error)));
    worker.on('failed', (_job, error) => failed.push(String(error)));
    return worker;
  });
  const queue = new Queue('work', { connection: connection(0), prefix: PREFIX });
  const events = new QueueEvents('work', { connection: connection(1), prefix: PREFIX });
  let completed = 0;
  events.on('completed', () => {
    completed++;
  });
  await events.waitUntilReady();

  const work = (async () => {
    await queue.upsertJobScheduler('tick', { every: 200 }, { name: 'repeated' });
    for (let n = 0; n < JOBS; n += 50) {
      await queue.addBulk(
        Array.from({ length: 50 }, (_, index) => ({
          name: 'job',
          data: { n: n + index },
          opts: index % 5 === 0 ? { delay: 50 + index * 10 } : {},
        })),
      );
    }
    const isDone = (n: number) => done.has(String(n));
    await eventually('every job is done', () =>
      Array.from({ length: JOBS }, (_, n) => n).every(isDone),
    );
    await eventually('a job is repeated', () => (done.get('repeated') ?? 0) >= 3);
  })();
  const slotId = slotOf(Buffer.from(PREFIX));
  await moving.moveWhile(work, [Math.max(0, slotId - 2), Math.min(511, slotId + 2)]);

  expect(failed).toEqual([]);
  for (let n = 0; n < JOBS; n++) expect(done.get(String(n)), `job ${n}`).toBe(1);
  await eventually('every end has been told', () => completed >= JOBS);
  expect(moving.moves).toBeGreaterThan(0);
  await queue.removeJobScheduler('tick');
  await Promise.all([...workers, queue, events].map((each) => each.close()));
});
