/**
 * `npm start`: from a fresh clone to a serving cluster on this machine. This file gets as far as
 * compiled code; the rest is scripts/local-cluster.
 */
import './node-version.mjs';
import { BootstrapError, build, installDependencies } from './bootstrap.mjs';

// Without a listener an output that nobody reads any more would end us in the middle of things;
// the cluster, once it runs, stops in order on it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const say = (line) => console.log(line);
  await installDependencies(say);
  await build(say);
  const { run } = await import('../dist/scripts/local-cluster/main.js');
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exitCode = 1;
}
