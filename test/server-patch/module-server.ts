import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { slotOf } from '../../cluster/slot-hash.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';

const FOLDER = join(import.meta.dirname, '..', '..', 'server-patch');
export const MODULE = join(FOLDER, 'codis_slots.so');

/** A server that the module is tested on. */
export interface ServerProgram {
  readonly command: string;
  /** As in `redis 7.0.15`. */
  readonly title: string;
  /** `[7, 0]` */
  readonly version: readonly [number, number];
}

/** Is there a compiler? Without one the module can not be built, and its tests are skipped. */
export function hasCompiler(): boolean {
  const found = spawnSync(process.env.CC ?? 'gcc', ['--version']).status === 0;
  if (!found) console.warn('no C compiler (gcc): the tests of server-patch are skipped');
  return found;
}

/**
 * Runs make in server-patch. Test files run in parallel, and so might their makes, which would
 * build into one folder: flock lets one at a time.
 *
 * @throws Error with what the compiler said
 */
export function make(...targets: string[]): void {
  const withLock = existsSync('/usr/bin/flock') ? ['/usr/bin/flock', FOLDER] : [];
  const [program, ...args] = [...withLock, 'make', '-s', '-C', FOLDER, ...targets];
  const { status, stdout, stderr } = spawnSync(program!, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`make failed:\n${stdout}${stderr}`);
}

/**
 * The servers to test on: redis-server, valkey-server where it is installed, and the programs that
 * the variable CODIS_TEST_SERVERS names, with spaces between them.
 */
export function serverPrograms(): ServerProgram[] {
  const named = process.env.CODIS_TEST_SERVERS?.split(' ').filter((name) => name !== '') ?? [];
  const programs = ['redis-server', 'valkey-server', ...named].map(programOf);
  return programs.filter((program) => program !== null);
}

function programOf(command: string): ServerProgram | null {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  const match = /^(\w+) server v=((\d+)\.(\d+)\S*)/i.exec(stdout ?? '');
  if (!match) return null;
  const [, name, version, major, minor] = match;
  return {
    command,
    title: `${name!.toLowerCase()} ${version}`,
    version: [Number(major), Number(minor)],
  };
}

/** A server with the module, and a client of it. */
export class ModuleServer {
  readonly port: number;
  readonly process: TestProcess;
  readonly redis: Redis;
  readonly #password: string | undefined;

  /**
   * @param moduleArgs what follows the module's path, such as `'batch', '8'`
   * @param args the server's own, such as `'--requirepass', 'secret'`
   */
  static async start(
    program: ServerProgram,
    moduleArgs: readonly string[] = [],
    args: readonly string[] = [],
  ): Promise<ModuleServer> {
    const port = await freePort();
    const child = new TestProcess(program.command, [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', temporaryFolder()],
      ...['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'],
      ...(program.version[0] >= 7 ? ['--enable-debug-command', 'yes'] : []),
      ...args,
      ...['--loadmodule', MODULE, ...moduleArgs],
    ]);
    const server = new ModuleServer(port, child, password(args));
    const state = await eventually(`${program.title} answers on ${port}`, async () => {
      if (!child.isRunning) return 'ended';
      await server.redis.ping();
      return 'ready';
    });
    if (state === 'ended') {
      server.redis.disconnect();
      throw new Error(`${program.title} ended: ${child.stdout}${child.stderr}`);
    }
    return server;
  }

  private constructor(port: number, child: TestProcess, serverPassword: string | undefined) {
    this.port = port;
    this.process = child;
    this.#password = serverPassword;
    this.redis = this.connect();
  }

  connect(): Redis {
    const client = new Redis({
      port: this.port,
      retryStrategy: () => 50,
      // A call fails, and does not wait, while nobody listens.
      maxRetriesPerRequest: 0,
      ...(this.#password === undefined ? {} : { password: this.#password }),
    });
    // Until the server listens, and after it was killed.
    client.on('error', () => {});
    return client;
  }

  /** Two-element rows of SLOTSINFO as a map from slot to keys. */
  async slotsInfo(...args: number[]): Promise<Map<number, number>> {
    return new Map((await this.redis.call('SLOTSINFO', ...args)) as [number, number][]);
  }

  /** A field of the module's section of INFO; undefined if it is not there. */
  async info(field: string): Promise<string | undefined> {
    const text = await this.redis.info('codis_slots');
    return new RegExp(`^codis_slots_${field}:(.*)\\r$`, 'm').exec(text)?.[1];
  }

  /** What SLOTSINFO must say, by SCAN and our own hash. */
  async countSlots(): Promise<Map<number, number>> {
    const counts = new Map<number, number>();
    const seen = new Set<string>();
    for await (const batch of this.redis.scanBufferStream({ count: 1000 })) {
      for (const key of batch as Buffer[]) {
        if (seen.has(key.toString('latin1'))) continue;
        seen.add(key.toString('latin1'));
        counts.set(slotOf(key), (counts.get(slotOf(key)) ?? 0) + 1);
      }
    }
    return new Map([...counts].sort(([a], [b]) => a - b));
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.process.stop('SIGKILL');
  }
}

function password(args: readonly string[]): string | undefined {
  const at = args.indexOf('--requirepass');
  return at < 0 ? undefined : args[at + 1];
}
