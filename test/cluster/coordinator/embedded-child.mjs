/**
 * A client of the embedded coordinator in a process of its own, to be killed. Every line it
 * prints is a fact that must hold whatever happens afterwards.
 *
 * Arguments: folder, session timeout in ms, what to do, its argument.
 */
// From the build, which is made before the tests: compiling here would take longer than the tests.
const dist = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { silentLog } = await dist('base/log.js');
const { BadVersionError } = await dist('cluster/coordinator/coordinator.js');
const { EmbeddedCoordinator } = await dist('cluster/coordinator/embedded.js');
const { EmbeddedStore } = await dist('cluster/coordinator/embedded-store.js');

const [folder = '', sessionTimeout = '', task = '', argument = ''] = process.argv.slice(2);
const coordinator = await EmbeddedCoordinator.open({
  folder,
  sessionTimeoutMs: Number(sessionTimeout),
  log: silentLog(),
});

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Makes the node twice, ephemeral in both ways, and tells of its states. */
async function register(path) {
  coordinator.onState(say);
  coordinator.onNewSession(() => say('new session'));
  await coordinator.create(`${path}/restored`, 'from the child', { ephemeral: 'restored' });
  await coordinator.create(`${path}/session`, 'from the child', { ephemeral: 'session' });
  say('registered');
}

/** Writes as fast as it can, in three ways, until killed. */
async function write(path) {
  for (let round = 0; ; round++) {
    const node = `${path}/${process.pid}-${round}`;
    await coordinator.create(node, 'created');
    say(`${node} created`);
    await coordinator.set(node, 'set');
    say(`${node} set`);
    await coordinator.multi([
      { type: 'set', path: node, data: 'multi' },
      { type: 'create', path: `${node}/below`, data: 'multi' },
    ]);
    say(`${node} multi`);
  }
}

/** Counts the node up 100 times with compare-and-set. */
async function increment(path) {
  for (let done = 0; done < 100; ) {
    const node = await coordinator.get(path);
    if (!node) throw new Error(`no ${path}`);
    try {
      await coordinator.set(path, String(Number(node.data) + 1), node.version);
      done++;
    } catch (error) {
      if (!(error instanceof BadVersionError)) throw error;
    }
  }
  await coordinator.close();
}

/** Calls process.exit while a write is under way, as on a fault. */
async function exit(path) {
  for (let node = 0; node < 50; node++) coordinator.create(`${path}/${node}`, '').catch(say);
  setTimeout(() => process.exit(3), Math.random() * 3);
}

/** Stops in the midst of a write, holding the lock of all writers. */
async function hold() {
  await EmbeddedStore.open(folder).write(() => {
    say('holding');
    process.kill(process.pid, 'SIGSTOP');
  });
}

const tasks = {
  register,
  write,
  increment,
  exit,
  hold,
};
await tasks[task]?.(argument);
