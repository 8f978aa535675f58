/** `npm run bench:migrate`: how fast slots move, and what clients notice; see scripts/bench-migrate. */
import './node-version.mjs';
import { BootstrapError, build, installDependencies } from './bootstrap.mjs';

try {
  const say = (line) => console.error(line);
  await installDependencies(say);
  await build(say);
  const { run } = await import('../dist/scripts/bench-migrate/main.js');
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exitCode = 1;
}
