/**
 * Writes docs/commands.md from the proxy's command table and the remarks beside it:
 *
 *     npm run docs:commands
 *
 * With `--check` it only says, by its exit status, whether the file is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRow, Route } from '../proxy/command/command-row.js';
import { GENERATED_FROM_VERSION } from '../proxy/command/command-rows.generated.js';
import { COMMAND_ROWS, commandData } from '../proxy/command/command-rows.js';
import { NOT_SERVED, REMARKS } from './command-docs/remarks.js';
import { KNOWN_FAILURES } from './redis-suite/known-failures.js';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'commands.md');

/** Commands that a server older than this lacks are marked: it is the oldest that we run on. */
const OLDEST_SERVER = [6, 2] as const;

const ROUTE_LABELS: { readonly [route in Route]?: string } = {
  key: 'one key',
  keys: 'one slot',
  'split-mget': 'split',
  'split-mset': 'split',
  'split-sum': 'split',
  publish: 'one slot',
  operation: 'several',
  local: 'proxy',
};

/** Redis's groups of commands in the order of the document. */
const GROUP_TITLES: readonly (readonly [group: string, title: string])[] = [
  ['string', 'Strings'],
  ['generic', 'Keys'],
  ['hash', 'Hashes'],
  ['list', 'Lists'],
  ['set', 'Sets'],
  ['sorted-set', 'Sorted sets'],
  ['stream', 'Streams'],
  ['bitmap', 'Bitmaps'],
  ['hyperloglog', 'HyperLogLogs'],
  ['geo', 'Geo'],
  ['array', 'Arrays'],
  ['module', 'Vector sets'],
  ['transactions', 'Transactions'],
  ['pubsub', 'Publish and subscribe'],
  ['scripting', 'Scripts and functions'],
  ['connection', 'Connection'],
  ['server', 'Server'],
  ['cluster', 'Redis Cluster'],
];

const INTRODUCTION = `# Commands

<!-- Written by \`npm run docs:commands\` from the proxy's command table. Do not edit. -->

What each command of Redis means at the proxy. The table behind this page was read from Redis
${GENERATED_FROM_VERSION}, and has the commands of Redis 7.2 to 8 besides. The proxy forwards a
command whether or not the servers know it: one that does not says so itself. The column "Redis"
names the first version with the command if that is younger than 6.2.

How many of Redis's own tests pass through the proxy is in [redis-suite.md](redis-suite.md); which do not,
and why, is at [the end of this page](#tests-of-redis-that-do-not-pass).

| routed | |
|---|---|
| one key | Forwarded untouched to the group that has the key's slot. Means what it means in Redis. |
| one slot | Has several keys, or keys at places that depend on its arguments. Forwarded untouched if all of them are in one slot, else answered with \`-CROSSSLOT Keys in request don't hash to the same slot\`. A hash tag puts keys in one slot: \`{cart}:7\` and \`{cart}:8\`. A command without any key goes to the group of slot 0. |
| split | One command for each group that has some of the keys; their replies are merged into one. Each group carries its part out by itself, so it is not atomic over groups; if a part fails the reply is that error, and other parts may have been carried out. |
| proxy | Answered by the proxy, without any server. |
| several | Takes the proxy several steps, such as asking every group. The client's later commands wait until it is answered. |
| refused | Answered as Redis answers a command it does not know; the connection stays open. |

Commands of modules on the servers (\`JSON.GET\`, \`BF.ADD\`, …) need no row here: a server is asked
once (\`COMMAND INFO\`), and they are routed like the others by the keys that it names; one without
any key goes to the group of slot 0. Those marked as administrative or blocking are refused, as are
the \`SLOTS*\` commands of our own module.

A key's slot is \`crc32(key) % 1024\`, or the crc32 of what stands between the first \`{\` and the
first \`}\` after it. Unlike in Redis Cluster an empty tag counts: \`{}x\` is in slot 0.

Besides Redis's own errors a client may see these, all of them with the connection kept:

| error | means |
|---|---|
| \`ERR slot N is offline: it is not assigned to a group\` | nobody has given the slot to a group, or it was set offline |
| \`ERR slot N group G: the group has no master\` | |
| \`ERR slot N group G: server A cannot be reached (…)\` | the command was not sent |
| \`ERR slot N group G: server A lost (…)\` | the command was sent and not answered; of a write it adds that it is not known whether it was carried out. The proxy never sends a command twice. |
| \`TRYAGAIN slot N is being moved…\` | the slot changes hands, and the command has waited 10 s, or too many wait |
| \`ERR slot N is being moved, its key cannot be: …\` | the slot changes hands, and its new server does not take the key: it is out of memory, or asks for another password |
`;

function main(): void {
  const text = render();
  if (!process.argv.includes('--check')) {
    writeFileSync(FILE, text);
    return;
  }
  if (readFileSync(FILE, 'utf8') === text) return;
  console.error('docs/commands.md is not what the command table says: npm run docs:commands');
  process.exitCode = 1;
}

/** @throws Error if the remarks and the table do not fit together. */
function render(): string {
  const rows = COMMAND_ROWS.flatMap((row) => [row, ...row.subcommands]);
  const served = rows.filter(isServed);
  const refused = rows.filter((row) => row.route === 'refused');
  assertRemarksFit(served, refused);
  const groups = GROUP_TITLES.flatMap(([group, title]) => {
    const members = served.filter((row) => commandData(row).group === group);
    return members.length === 0 ? [] : [`## ${title}\n\n${servedTable(members)}`];
  });
  const parts = [INTRODUCTION.trimEnd(), ...groups, notServed(refused), suiteFailures()];
  return `${parts.join('\n\n')}\n`;
}

/** A container is not a command, but for COMMAND, which may stand alone. */
function isServed(row: CommandRow): boolean {
  return ROUTE_LABELS[row.route] !== undefined || row.name === 'command';
}

function servedTable(rows: readonly CommandRow[]): string {
  const lines = rows.map((row) => {
    const label = ROUTE_LABELS[row.route] ?? 'proxy';
    return `| \`${spoken(row.name)}\` | ${label} | ${sinceOf(row)} | ${REMARKS[row.name] ?? ''} |`;
  });
  return ['| command | routed | Redis | what differs |', '|---|---|---|---|', ...lines].join('\n');
}

function notServed(refused: readonly CommandRow[]): string {
  const known = new Set(refused.map((row) => row.name));
  const parts = NOT_SERVED.map(({ title, commands, text }) => {
    const names = commands.filter((name) => known.has(name)).map((name) => `\`${spoken(name)}\``);
    return `### ${title}\n\n${names.join(' ')}\n\n${text}`;
  });
  const opening =
    'Answered with `ERR unknown command`, or `ERR unknown subcommand`, as Redis would answer a\n' +
    'command it does not have.';
  return ['## Refused for now', opening, ...parts].join('\n\n');
}

function suiteFailures(): string {
  const opening =
    'Of the tests of Redis 7.0.15 that a plain server passes, these do not pass through a proxy over two\n' +
    'groups (`npm run test:redis-suite`):';
  const parts = KNOWN_FAILURES.map(({ title, tests, reason, isByChance }) => {
    const names = tests.map(([unit, name]) => `- ${unit}: "${name}"`).join('\n');
    const chance = isByChance === true ? ' They pass or fail by chance.' : '';
    return `### ${title}\n\n${names}\n\n${reason}${chance}`;
  });
  return ['## Tests of Redis that do not pass', opening, ...parts].join('\n\n');
}

/** `client|getname` as it is typed. */
function spoken(name: string): string {
  return name.replace('|', ' ').toUpperCase();
}

/** `8.0` for a command that not every server we run on has; else nothing. */
function sinceOf(row: CommandRow): string {
  const [major = 0, minor = 0] = commandData(row).since.split('.').map(Number);
  const isOld =
    major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor <= OLDEST_SERVER[1]);
  return isOld ? '' : `${major}.${minor}`;
}

function assertRemarksFit(served: readonly CommandRow[], refused: readonly CommandRow[]): void {
  const servedNames = new Set(served.map((row) => row.name));
  const reasons = NOT_SERVED.flatMap(({ commands }) => commands);
  const groups = new Set(GROUP_TITLES.map(([group]) => group));
  const faults = [
    ...Object.keys(REMARKS)
      .filter((name) => !servedNames.has(name))
      .map((name) => `a remark on ${name}, which is not served`),
    ...served
      .filter((row) => row.route !== 'key' && row.route !== 'keys' && !(row.name in REMARKS))
      .map((row) => `no remark on ${row.name}`),
    ...served
      .filter((row) => row.guard !== 'none' && !(row.name in REMARKS))
      .map((row) => `no remark on what ${row.name} refuses`),
    ...served
      .filter((row) => !groups.has(commandData(row).group))
      .map((row) => `${row.name} is in the unknown group ${commandData(row).group}`),
    ...refused
      .filter((row) => reasons.filter((name) => name === row.name).length !== 1)
      .map((row) => `${row.name} is refused: give it one reason`),
    ...reasons
      .filter((name) => servedNames.has(name))
      .map((name) => `${name} is served, and has a reason for being refused`),
  ];
  if (faults.length > 0) throw new Error(`command-docs/remarks.ts: ${faults.join('; ')}`);
}

main();
