/*
 * Counts in Redis through all proxies of a cluster, and goes on while proxies come and go.
 *
 *   node counter.mjs --product test --zk localhost:2181 [--count 10]
 *   node counter.mjs --product test --embedded data/coordinator
 */
import { parseArgs } from 'node:util';
import { Jodis } from 'codis-ts/jodis';

const { values } = parseArgs({
  options: {
    product: { type: 'string', default: 'test' },
    zk: { type: 'string', default: 'localhost:2181' },
    embedded: { type: 'string' },
    count: { type: 'string', default: '10' },
  },
});

const redis = new Jodis({
  product: values.product,
  ...(values.embedded
    ? { coordinator: 'embedded', embeddedPath: values.embedded }
    : { zk: values.zk }),
  unreachable: 'fail',
});
redis.on('proxies', (proxies) => console.log(`proxies: ${proxies.join(' ')}`));

await redis.connect();
redis.on('error', (error) => console.error(error.message));
for (let count = 0; count < Number(values.count); count++) {
  console.log(`visits: ${await redis.incr('visits')}`);
}
await redis.quit();
