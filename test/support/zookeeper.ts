import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { TestProcess, temporaryFolder } from './process.js';

// Debian's package `zookeeper`; its class path names the other jars in the same folder.
const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

/** Milliseconds; sessions live from 2 ticks on. */
const TICK_MS = 500;

/** A real ZooKeeper server on 127.0.0.1, alone or a member of an ensemble. */
export class ZooKeeperServer {
  readonly port: number;
  /** 127.0.0.1:port */
  readonly addr: string;
  readonly #folder: string;
  readonly #main: string;
  #process: TestProcess | null = null;

  /** @param members lines `server.N=...`; none for a server alone. */
  constructor(port: number, id: number, members: readonly string[]) {
    this.port = port;
    this.addr = `127.0.0.1:${port}`;
    this.#folder = temporaryFolder();
    this.#main =
      members.length === 0
        ? 'org.apache.zookeeper.server.ZooKeeperServerMain'
        : 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const data = join(this.#folder, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'myid'), String(id));
    const settings = [
      `tickTime=${TICK_MS}`,
      'initLimit=20',
      'syncLimit=10',
      'maxSessionTimeout=60000',
      'maxClientCnxns=0',
      `dataDir=${data}`,
      'clientPortAddress=127.0.0.1',
      `clientPort=${port}`,
      'admin.enableServer=false',
      '4lw.commands.whitelist=*',
      ...members,
    ];
    writeFileSync(join(this.#folder, 'zoo.cfg'), `${settings.join('\n')}\n`);
    writeFileSync(
      join(this.#folder, 'log4j.properties'),
      'log4j.rootLogger=WARN, stderr\n' +
        'log4j.appender.stderr=org.apache.log4j.ConsoleAppender\n' +
        'log4j.appender.stderr.target=System.err\n' +
        'log4j.appender.stderr.layout=org.apache.log4j.SimpleLayout\n',
    );
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** Starts the process, on the data of its last life; {@link serves} tells when it answers. */
  spawn(): void {
    if (!existsSync(ZOOKEEPER_JAR)) {
      throw new Error(`${ZOOKEEPER_JAR} is missing: apt-get install zookeeper`);
    }
    this.#process = new TestProcess('java', [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      // What SIGKILL leaves in the page cache is not lost: no need to wait for the disk.
      ...['-Dzookeeper.forceSync=no', '-Dzookeeper.preAllocSize=1024'],
      ...['-cp', `${this.#folder}${delimiter}${ZOOKEEPER_JAR}`],
      this.#main,
      join(this.#folder, 'zoo.cfg'),
    ]);
    this.#process.exited.catch(() => undefined);
  }

  /** Resolves when the server serves clients. @throws with the server's output if it ends. */
  async serves(): Promise<void> {
    await eventually(`ZooKeeper answers on ${this.port}`, async () => (await this.mode()) !== null);
  }

  /** `standalone`, `leader`, `follower`; null while it does not serve. @throws if it has ended */
  async mode(): Promise<string | null> {
    if (!this.isRunning) {
      throw new Error(`ZooKeeper does not run; is java installed? ${this.#process?.stderr ?? ''}`);
    }
    return /^Mode: (\w+)$/m.exec(await this.ask('srvr'))?.[1] ?? null;
  }

  /** The answer to one of ZooKeeper's four-letter words; empty if there is none within 1 s. */
  ask(word: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect({ port: this.port, host: '127.0.0.1' });
      socket.setTimeout(1000, () => socket.destroy());
      socket.once('connect', () => socket.write(word));
      socket.on('data', (bytes) => {
        answer += bytes;
      });
      socket.once('error', () => socket.destroy());
      socket.once('close', () => resolve(answer));
    });
  }

  /** SIGSTOP: connections stay open and nothing answers, until {@link resume}. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Kills it at once (SIGKILL). {@link restart} starts it again on the same data and port. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    this.spawn();
    await this.serves();
  }
}

/** A ZooKeeper server alone, serving when the promise resolves. */
export async function startZooKeeper(port?: number): Promise<ZooKeeperServer> {
  const server = new ZooKeeperServer(port ?? (await freePort()), 1, []);
  server.spawn();
  await server.serves();
  return server;
}

export class ZooKeeperEnsemble {
  readonly servers: readonly ZooKeeperServer[];

  constructor(servers: readonly ZooKeeperServer[]) {
    this.servers = servers;
  }

  /** host:port of each, separated by commas, as `zk` in config.ini. */
  get addr(): string {
    return this.servers.map((server) => server.addr).join(',');
  }

  /** The server that leads now; waits for an election to end. */
  leader(): Promise<ZooKeeperServer> {
    return eventually('the ensemble has a leader', async () => {
      for (const server of this.servers) {
        if (server.isRunning && (await server.mode()) === 'leader') return server;
      }
      return null;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** Three ZooKeeper servers with a leader, all serving when the promise resolves. */
export async function startZooKeeperEnsemble(): Promise<ZooKeeperEnsemble> {
  const ids = [1, 2, 3];
  const members: string[] = [];
  for (const id of ids) {
    members.push(`server.${id}=127.0.0.1:${await freePort()}:${await freePort()}`);
  }
  const servers: ZooKeeperServer[] = [];
  for (const id of ids) servers.push(new ZooKeeperServer(await freePort(), id, members));
  for (const server of servers) server.spawn();
  await Promise.all(servers.map((server) => server.serves()));
  return new ZooKeeperEnsemble(servers);
}
