import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { probe } from '../../local-cluster/probe.js';
import { findProgram } from '../../local-cluster/programs.js';
import { freePorts } from '../../support/child-server.js';
import { TcpLink } from '../../support/tcp-link.js';
import { ChaosProcess } from './chaos-process.js';

const HOST = '127.0.0.1';
const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

/** A ZooKeeper server, alone or one of an ensemble. */
export class ZooKeeperMember {
  readonly process: ChaosProcess;
  /** Where clients find it: by its {@link link}. */
  readonly addr: string;
  readonly #port: number;
  /** The way of clients to it. */
  readonly link: TcpLink;
  private constructor(process: ChaosProcess, port: number, addr: string, link: TcpLink) {
    this.process = process;
    this.addr = addr;
    this.#port = port;
    this.link = link;
  }

  /** So many servers, not started yet. @param linkHost the address where clients find them */
  static async make(count: number, folder: string, linkHost: string): Promise<ZooKeeperMember[]> {
    const ports = await freePorts(3 * count);
    const [clients, leading, electing] = [0, 1, 2].map((n) =>
      ports.slice(n * count, (n + 1) * count),
    ) as [number[], number[], number[]];
    const lines = leading.map((port, n) => `server.${n + 1}=${HOST}:${port}:${electing[n]}`);
    const members: ZooKeeperMember[] = [];
    for (const [index, port] of clients.entries()) {
      const process = memberProcess(folder, index + 1, port, count === 1 ? [] : lines);
      const link = await TcpLink.at(linkHost, port);
      members.push(new ZooKeeperMember(process, port, `${linkHost}:${port}`, link));
    }
    return members;
  }

  async leads(): Promise<boolean> {
    return (await modeOf(this.#port)) === 'leader';
  }

  close(): void {
    this.process.killNow();
    this.link.close();
  }
}

async function modeOf(port: number): Promise<string | null> {
  const reply = await probe(port, 'srvr', (text) => /^Mode: \w+$/m.test(text));
  return /^Mode: (\w+)$/m.exec(reply ?? '')?.[1] ?? null;
}

function memberProcess(
  folder: string,
  id: number,
  port: number,
  members: readonly string[],
): ChaosProcess {
  const home = join(folder, `zookeeper-${id}`);
  mkdirSync(home);
  writeFileSync(join(home, 'myid'), String(id));
  const settings = [
    'tickTime=500',
    ...['initLimit=20', 'syncLimit=4', 'maxSessionTimeout=60000'],
    `dataDir=${home}`,
    `clientPortAddress=${HOST}`,
    `clientPort=${port}`,
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
    ...members,
  ];
  const file = join(home, 'zoo.cfg');
  writeFileSync(file, `${settings.join('\n')}\n`);
  const main = members.length === 0 ? 'ZooKeeperServerMain' : 'quorum.QuorumPeerMain';
  return new ChaosProcess({
    name: `ZooKeeper ${id}`,
    program: findProgram('java') ?? 'java',
    args: [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      // What SIGKILL leaves in the page cache is not lost: no need to wait for the disk.
      ...['-Dzookeeper.forceSync=no', '-Dzookeeper.preAllocSize=1024'],
      ...['-cp', `${home}:${ZOOKEEPER_JAR}`],
      ...[`org.apache.zookeeper.server.${main}`, file],
    ],
    logFile: join(folder, 'logs', `zookeeper-${id}.log`),
    serves: async () => (await modeOf(port)) !== null,
  });
}
