/** `npm run test:redis-suite`: Redis's own tests, through the proxy; see scripts/redis-suite. */
import './node-version.mjs';
import { BootstrapError, build, installDependencies } from './bootstrap.mjs';

try {
  const say = (line) => console.error(line);
  await installDependencies(say);
  await build(say);
  const { run } = await import('../dist/scripts/redis-suite/main.js');
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BootstrapError ? error.message : error);
  process.exitCode = 1;
}
