/** `npm run bench:bounds`: many clients, slow ones, frozen servers; see scripts/bench-bounds. */
import './node-version.mjs';
import { BootstrapError, build, installDependencies } from './bootstrap.mjs';

try {
  const say = (line) => console.error(line);
  await installDependencies(say);
  await build(say);
  const { run } = await import('../dist/scripts/bench-bounds/main.js');
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exitCode = 1;
}
