import { afterEach, describe, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { decodeReply, type Value } from '../../resp/decode.js';
import { Random } from '../differential/random.js';
import { eventually } from '../support/eventually.js';
import { type Argument, RespClient } from '../support/resp-client.js';
import { type Command, CommandMaker, DATABASES, FORM_COUNT } from './fuzz-commands.js';
import {
  hasCompiler,
  ModuleServer,
  make,
  type ServerProgram,
  serverPrograms,
} from './module-server.js';

// How long each of the fuzz tests goes on; more by hand: CODIS_FUZZ_SECONDS=600.
const SECONDS = Number(process.env.CODIS_FUZZ_SECONDS ?? 3);
const SEED = Number(process.env.CODIS_FUZZ_SEED ?? Date.now() % 1_000_000);
const COMMANDS_A_BATCH = 200;

describe.skipIf(!hasCompiler()).each(serverPrograms())('the index on $title', (program) => {
  const servers: ModuleServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });
  const start = async (...moduleArgs: string[]) => {
    // A sleeping server looks at the timeouts of BLPOP and the like once in a tick.
    const server = await ModuleServer.start(program, moduleArgs, ['--hz', '500']);
    servers.push(server);
    return server;
  };
  const limit = { timeout: SECONDS * 1000 + 60_000 };

  test('is true after any commands', limit, async () => {
    make();
    expect(FORM_COUNT).toBeGreaterThan(75);
    const server = await start();
    const replica = await start();
    await follow(replica, server);
    const fuzz = await Fuzz.start(program, server, await start(), { keys: 60 });
    await fuzz.run(SECONDS, async (round) => {
      if (round % 20 === 0) await fuzz.expectReplicaTrue(replica);
    });
    await fuzz.expectReplicaTrue(replica);
    // The index was kept, and not made anew whenever it was wrong.
    expect(await server.info('index_mismatches')).toBe('0');
    expect(fuzz.failure).toBeNull();
  });

  test('is true while it is built and dropped all the time', limit, async () => {
    make();
    const slow = ['build-slice-us', '1', 'build-pause-ms', '1', 'index-idle-ms', '20'];
    const server = await start(...slow);
    const fuzz = await Fuzz.start(program, server, await start(), { keys: 2000 });
    await fuzz.fill(500);
    await fuzz.run(SECONDS, async () => {});
    expect(Number(await server.info('index_builds'))).toBeGreaterThan(SECONDS);
    expect(await server.info('index_mismatches')).toBe('0');
    expect(fuzz.failure).toBeNull();
  });
});

async function follow(replica: ModuleServer, master: ModuleServer): Promise<void> {
  await replica.redis.call('REPLICAOF', '127.0.0.1', master.port);
  await eventually('the replica is in step', async () =>
    /master_link_status:up/.test(await replica.redis.info('replication')),
  );
}

/** Random commands to a server, and after each batch a look at its index. */
class Fuzz {
  /** What went wrong first, with the seed and the batch before it. */
  failure: string | null = null;
  readonly #random: Random;
  readonly #maker: CommandMaker;
  readonly #client: RespClient;
  readonly #checker: RespClient;
  readonly #target: ModuleServer;

  static async start(
    program: ServerProgram,
    server: ModuleServer,
    target: ModuleServer,
    options: { keys: number },
  ): Promise<Fuzz> {
    const random = new Random(SEED);
    await server.redis.set('dumped', 'value');
    const dump = (await server.redis.dumpBuffer('dumped'))!;
    const maker = new CommandMaker(random, { ...options, version: program.version, dump });
    const [client, checker] = await Promise.all([
      RespClient.connect(server.port),
      RespClient.connect(server.port),
    ]);
    return new Fuzz(random, maker, target, client, checker);
  }

  private constructor(
    random: Random,
    maker: CommandMaker,
    target: ModuleServer,
    client: RespClient,
    checker: RespClient,
  ) {
    this.#random = random;
    this.#maker = maker;
    this.#target = target;
    this.#client = client;
    this.#checker = checker;
  }

  async fill(keys: number): Promise<void> {
    for (let database = 0; database < DATABASES; database++) {
      const sets = Array.from({ length: keys }, (_, i) => ['SET', `k${i}`, i]);
      await this.#client.pipeline([['SELECT', database], ...sets]);
    }
  }

  async run(seconds: number, afterBatch: (round: number) => Promise<void>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    let commands = 0;
    for (let round = 1; Date.now() < end && !this.failure; round++) {
      const batch = this.#batch();
      await this.#client.pipeline(batch);
      commands += batch.length;
      const difference = await this.#difference(this.#checker, { recount: true });
      if (difference) {
        const text = batch.map((command) => command.join(' ')).join('\n');
        this.failure = `seed ${SEED}, round ${round}: ${difference}\nafter\n${text}`;
      }
      await afterBatch(round);
    }
    console.log(`seed ${SEED}: ${commands} commands in ${seconds} s`);
    expect(commands).toBeGreaterThan(5 * COMMANDS_A_BATCH);
  }

  /** A replica's index is kept by what its master sends. */
  async expectReplicaTrue(replica: ModuleServer): Promise<void> {
    await this.#client.call('WAIT', 1, 5000);
    const client = await RespClient.connect(replica.port);
    // SCAN of a replica hides expired keys that its master has not deleted yet: no recount.
    expect(await this.#difference(client, { recount: false })).toBeNull();
    client.close();
  }

  #batch(): Command[] {
    const random = this.#random;
    let batch: Command[] = Array.from({ length: COMMANDS_A_BATCH }, () => this.#maker.next());
    if (random.oneIn(4)) batch.push(this.#maker.rare());
    if (random.oneIn(3)) {
      const noWaiting = batch.filter(([name]) => name !== 'SELECT' && name !== 'DEBUG');
      batch = [['MULTI'], ...noWaiting.slice(0, 80), ['EXEC']];
    }
    if (random.oneIn(3)) batch.push(...this.#moves());
    if (random.oneIn(8)) {
      batch.push(
        ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random'],
        ['CONFIG', 'SET', 'maxmemory', 1],
        ...Array.from({ length: 5 }, () => this.#maker.next()),
        ['CONFIG', 'SET', 'maxmemory', 0],
      );
    }
    return batch;
  }

  #moves(): Command[] {
    const target: Argument[] = ['127.0.0.1', this.#target.port, 1000];
    const slot = this.#random.whole(0, 1023);
    return this.#random.pick<Command[]>([
      [['SLOTSMGRTTAGSLOT', ...target, slot, 3]],
      [['SLOTSMGRTSLOT', ...target, slot]],
      [['SLOTSMGRTTAGONE', ...target, this.#maker.key()]],
      [['SLOTSMGRTONE', ...target, this.#maker.key()]],
      [['EVAL', `return redis.call('SLOTSMGRTTAGONE',unpack(ARGV))`, 0, ...target, '{t1}']],
      [['MIGRATE', '127.0.0.1', this.#target.port, this.#maker.key(), 0, 1000, 'REPLACE']],
      [['MULTI'], ['SLOTSMGRTTAGONE', ...target, '{t2}'], ['SET', '{t2}', 1], ['EXEC']],
      // An error: nobody listens there.
      [['SLOTSMGRTTAGONE', '127.0.0.1', 1, 50, this.#maker.key()]],
    ]);
  }

  /** What is wrong with the index of a database, if anything is. */
  async #difference(client: RespClient, { recount }: { recount: boolean }): Promise<string | null> {
    for (let database = 0; database < DATABASES; database++) {
      await client.call('SELECT', database);
      const check = await client.text('SLOTSCHECK');
      if (check !== '+OK\r\n') return `db ${database}: ${check}`;
      const wrong = recount ? await this.#recount(client) : null;
      if (wrong) return `db ${database}: ${wrong}`;
    }
    return null;
  }

  /** SLOTSINFO must be what SCAN and our own hash say. */
  async #recount(client: RespClient): Promise<string | null> {
    // SCAN first: it ends expired keys. And at once, or others would expire in between.
    const tag = this.#random.pick(['{t1}', '{t2}', '{}', this.#maker.key()]);
    const ask = [['SCAN', 0, 'COUNT', 1_000_000], ['SLOTSINFO'], ['SLOTSTAGKEYS', tag]];
    await client.pipeline([['MULTI'], ...ask]);
    const [scan, info, ofTag] = items(decodeReply(await client.call('EXEC'))!.value);
    // The index was dropped just now, and in a transaction nobody can wait for it.
    if (info!.type === 'error' && info!.value.startsWith('TRYAGAIN')) return null;
    const counts = new Map<number, number>();
    const names = items(items(scan!)[1]!).map(nameOf);
    for (const name of names) {
      const slot = slotOf(name);
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    const counted = [...counts].sort(([a], [b]) => a - b).join(' ');
    const told = items(info!)
      .map((row) => items(row).map((item) => item.value))
      .join(' ');
    if (counted !== told) return `counted ${counted}, SLOTSINFO says ${told}`;
    const tagged = names.filter((name) => hashedPart(name) === hashedPart(tag));
    const listed = items(ofTag!).map(nameOf);
    if (tagged.sort().join(' ') === listed.sort().join(' ')) return null;
    return `keys of ${tag}: ${tagged.join(' ')}, SLOTSTAGKEYS says ${listed.join(' ')}`;
  }
}

/** The tag with its braces, or the key. */
function hashedPart(key: string): string {
  return /\{[^}]*\}/s.exec(key)?.[0] ?? key;
}

function nameOf(key: Value): string {
  if (key.type !== 'bulk') throw new Error(`a key of type ${key.type}`);
  return key.value.toString('latin1');
}

function items(value: Value): readonly Value[] {
  if (value.type !== 'array') throw new Error(`no array but ${value.type}: ${String(value.value)}`);
  return value.value;
}
