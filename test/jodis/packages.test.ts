import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { PRODUCT } from '../support/stand-in-dashboard.js';

const PROJECT = join(import.meta.dirname, '..', '..');
const COMPILER = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');

/** An application's folder with the package installed as npm lays it out. */
let application: string;
let cluster: TestCluster;

beforeAll(async () => {
  const folder = temporaryFolder();
  [cluster] = await Promise.all([
    TestCluster.start({ proxies: 2 }),
    // Built before the tests: not once more in the midst of others that run from there.
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], PROJECT),
  ]);
  const [tarball] = readdirSync(folder);
  await run('tar', ['-xzf', tarball!], folder);
  const installed = join(folder, 'package');
  symlinkSync(join(PROJECT, 'node_modules'), join(installed, 'node_modules'));
  application = temporaryFolder();
  mkdirSync(join(application, 'node_modules'));
  symlinkSync(installed, join(application, 'node_modules', 'codis-ts'));
  symlinkSync(join(PROJECT, 'node_modules', '@types'), join(application, 'node_modules', '@types'));
  cpSync(join(PROJECT, 'examples', 'jodis'), application, { recursive: true });
}, 120_000);

afterAll(() => cluster?.stop());

async function run(program: string, args: string[], cwd = application): Promise<string> {
  const child = new TestProcess(program, args, { cwd });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`${program} ${args[0]}: ${child.stdout}${child.stderr}`);
  return child.stdout;
}

test('an ES module counts', async () => {
  const where = ['--product', PRODUCT, '--embedded', cluster.embeddedPath];
  const output = await run(process.execPath, ['counter.mjs', ...where, '--count', '3']);
  expect(output.trim().split('\n')).toEqual([
    `proxies: ${cluster.proxies
      .map(({ addr }) => addr)
      .sort()
      .join(' ')}`,
    'visits: 1',
    'visits: 2',
    'visits: 3',
  ]);
});

test('CommonJS has a queue', async () => {
  const where = [PRODUCT, '--embedded', cluster.embeddedPath];
  expect(await run(process.execPath, ['queue.cjs', ...where])).toBe('job: one\njob: two\n');
});

test('without ZooKeeper an example says so in one line', async () => {
  const failed = run(process.execPath, ['queue.cjs', PRODUCT, '127.0.0.1:1']);
  await expect(failed).rejects.toThrow(
    /queue.cjs: ZooKeeper at 127.0.0.1:1 does not answer \(.+\)\n$/,
  );
});

test('its types are those of ioredis, for either kind of module', async () => {
  const text = `import { Jodis, type JodisOptions, OutcomeUnknownError } from 'codis-ts/jodis';
const options: JodisOptions = { product: 'shop', zk: 'zk1:2181,zk2:2181', redis: { db: 1 } };
export const jodis = new Jodis(options);
export const value: Promise<string | null> = jodis.get('key');
export const count: Promise<number> = jodis.incr('key');
export const other: Jodis = jodis.duplicate({ db: 2 });
export const replies: Promise<[Error | null, unknown][] | null> = jodis.multi().get('a').exec();
jodis.on('message', (channel: string, message: string) => console.log(channel, message));
export const isUnknown = (error: unknown) => error instanceof OutcomeUnknownError;
// @ts-expect-error where to connect to is not the caller's to say
export const wrong = new Jodis({ product: 'shop', redis: { host: 'redis1' } });
// @ts-expect-error milliseconds are a number
jodis.set('key', 'value', 'PX', 'red', 'NX', 'GET', 1);
`;
  const files = ['typed.mts', 'typed.cts'];
  for (const file of files) writeFileSync(join(application, file), text);
  const options = [
    ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'],
    ...['--lib', 'es2023', '--types', 'node', '--skipLibCheck'],
  ];
  await run(process.execPath, [COMPILER, ...options, ...files]);
}, 120_000);
