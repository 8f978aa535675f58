/** `npm run build`: compiles into `dist` if the sources changed. */
import './node-version.mjs';
import { build } from './bootstrap.mjs';

try {
  await build(() => {});
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
