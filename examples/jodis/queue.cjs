/*
 * A list as a queue, in CommonJS.
 *
 *   node queue.cjs <product> <zookeeper>
 *   node queue.cjs <product> --embedded <folder>
 */
const { Jodis } = require('codis-ts/jodis');

const [product, first, folder] = process.argv.slice(2);
const where =
  first === '--embedded' ? { coordinator: 'embedded', embeddedPath: folder } : { zk: first };
const redis = new Jodis({ product, ...where, unreachable: 'fail', redis: { keyPrefix: 'queue:' } });

async function main() {
  await redis.connect();
  redis.on('error', (error) => console.error(error.message));
  await redis.del('jobs');
  await redis.pipeline().rpush('jobs', 'one').rpush('jobs', 'two').exec();
  for (let count = 0; count < 2; count++) console.log(`job: ${await redis.lpop('jobs')}`);
  await redis.quit();
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
  redis.disconnect();
});
