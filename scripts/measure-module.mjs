/**
 * Measures server-patch/codis_slots.so on two servers of this machine: memory, the cost of events,
 * the longest stall, keys moved a second. docs/module.md has what it printed.
 *
 *   node scripts/measure-module.mjs [redis-server]
 */
import './node-version.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const root = join(import.meta.dirname, '..');
const program = process.argv[2] ?? 'redis-server';
const MILLION = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), 'codis-measure-'));
const servers = [];
try {
  const built = spawnSync('make', ['-s', '-C', join(root, 'server-patch')], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('make failed');
  console.log(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim());
  await measureMemory();
  await measureNewKeys();
  await measureStalls();
  await measureMoves();
} finally {
  for (const server of servers) stop(server);
  rmSync(folder, { recursive: true, force: true });
}

/** What an index takes, by used_memory before and after. */
async function measureMemory() {
  const cases = [
    ['key:<n>', 'DEBUG', 'POPULATE', String(MILLION), 'key', '64'],
    ['{u<n>}:a, a tag of its own', 'EVAL', tagged('{u%d}:a'), '0'],
    ['{u<n/10>}:<n>, ten to a tag', 'EVAL', tagged('{u%d}:%d', 10), '0'],
  ];
  for (const [title, ...fill] of cases) {
    const { redis } = await startServer();
    await redis.call(...fill);
    const before = await usedMemory(redis);
    const startedAt = performance.now();
    await redis.call('SLOTSINFO', 0, 1);
    const ms = performance.now() - startedAt;
    const bytes = ((await usedMemory(redis)) - before) / MILLION;
    console.log(
      `memory: ${bytes.toFixed(1)} bytes a key (${title}); index of a million keys built in ${ms.toFixed(0)} ms`,
    );
    stop(servers.pop());
  }
}

function tagged(format, toATag = 1) {
  return `for i = 1, ${MILLION} do
    redis.call('SET', string.format('${format}', i / ${toATag} - i / ${toATag} % 1, i), 'v')
  end`;
}

/** The server makes the keys itself, so that only the event is added. */
async function measureNewKeys() {
  const timed = async (redis, script) => {
    const startedAt = performance.now();
    await redis.call('EVAL', script, '0');
    return ((performance.now() - startedAt) * 1000) / MILLION;
  };
  const loop = (body) => `for i = 1, ${MILLION} do ${body} end`;
  const create = loop("redis.call('SET', 'key:' .. i, 'v')");
  const remove = loop("redis.call('DEL', 'key:' .. i)");
  const results = new Map();
  for (const state of ['not loaded', 'no index', 'index']) {
    const { redis } = await startServer([], state !== 'not loaded');
    if (state === 'index') await redis.call('SLOTSINFO');
    const us = [];
    for (const script of [create, create, remove]) us.push(await timed(redis, script));
    results.set(state, us);
    stop(servers.pop());
  }
  for (const [state, us] of results) {
    const [fresh, overwrite, gone] = us.map((value) => value.toFixed(2));
    console.log(
      `events, module ${state}: ${fresh} us a new key, ${overwrite} an overwritten, ${gone} a deleted (in a script)`,
    );
  }
}

/** PINGs back to back: how long does the longest wait while indexes are built and freed? */
async function measureStalls() {
  const { redis, port } = await startServer();
  await redis.call('DEBUG', 'POPULATE', String(2 * MILLION), 'key', '64');
  console.log(`stall: ${await pinging(port, () => redis.ping())} with nothing to do`);
  console.log(
    `stall: ${await pinging(port, () => redis.call('SLOTSINFO'))} building, 2 million keys`,
  );
  const slice = /index_worst_slice_us:(\d+)/.exec(await redis.info('codis_slots'))[1];
  console.log(`stall: the longest slice of it took ${slice} us of CPU`);
  console.log(
    `stall: ${await pinging(port, () => redis.flushall('ASYNC'))} FLUSHALL ASYNC of them`,
  );
  stop(servers.pop());
}

async function pinging(port, work) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  const waits = [];
  let sentAt = performance.now();
  socket.on('data', () => {
    waits.push(performance.now() - sentAt);
    sentAt = performance.now();
    socket.write('PING\r\n');
  });
  socket.write('PING\r\n');
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.destroy();
  waits.sort((a, b) => a - b);
  const [p99, worst] = [waits[Math.floor(waits.length * 0.99)], waits.at(-1)];
  return `worst ${worst.toFixed(1)} ms, p99 ${p99.toFixed(2)} ms of PING in ${ms.toFixed(0)} ms of`;
}

/** Slots 0 to 511 of 200,000 keys with 64 bytes: about 100,000 keys. */
async function measureMoves() {
  for (const batch of [1, 16, 64, 128]) {
    const source = await startServer();
    const target = await startServer();
    await source.redis.call('DEBUG', 'POPULATE', '200000', 'key', '64');
    await source.redis.call('SLOTSINFO');
    let moved = 0;
    let worst = 0;
    const startedAt = performance.now();
    for (let slot = 0; slot < 512; slot++) {
      for (let left = 1; left > 0; ) {
        const at = performance.now();
        const to = ['127.0.0.1', target.port, 1000, slot, batch];
        const reply = await source.redis.call('SLOTSMGRTTAGSLOT', ...to);
        worst = Math.max(worst, performance.now() - at);
        moved += reply[0];
        left = reply[1];
      }
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const rate = Math.round(moved / seconds).toLocaleString('en');
    console.log(
      `move: ${rate} keys/s with batch ${batch} (${moved} keys, worst call ${worst.toFixed(1)} ms)`,
    );
    if ((await target.redis.dbsize()) !== moved) throw new Error('keys are missing');
    stop(servers.pop());
    stop(servers.pop());
  }
}

async function usedMemory(redis) {
  // The table of the server itself has to be done with growing.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);
}

async function startServer(args = [], withModule = true) {
  const port = 21_000 + Math.floor(Math.random() * 9000);
  const module = withModule ? ['--loadmodule', join(root, 'server-patch', 'codis_slots.so')] : [];
  const options = ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder];
  const debug = ['--enable-debug-command', 'yes'];
  const child = spawn(program, [...options, ...debug, ...args, ...module], { stdio: 'ignore' });
  const redis = new Redis({ port, retryStrategy: () => 50 });
  redis.on('error', () => {});
  const server = { child, redis, port };
  servers.push(server);
  await redis.ping();
  return server;
}

function stop(server) {
  server.redis.disconnect();
  server.child.kill('SIGKILL');
}
