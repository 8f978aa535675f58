import { readFileSync } from 'node:fs';

/*
 * Imported before anything else: a Node too old for the rest must get as far as the message below,
 * so nothing here is newer than the first versions that knew modules.
 */
const required = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  .engines.node.replace('>=', '')
  .split('.')
  .map(Number);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < required[0] || (major === required[0] && minor < required[1])) {
  console.error(
    `codis-ts needs Node.js ${required.join('.')} or newer; this is ${process.versions.node} (see https://nodejs.org)`,
  );
  process.exit(1);
}
