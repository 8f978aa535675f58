import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** Where and with what a result was measured. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  readonly nutcracker: string;
  /** The commit measured, with a plus sign if files differed from it. */
  readonly commit: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(readIfPresent('/etc/os-release'))?.[1] ?? 'Linux';
  const changed = firstMatch('git', ['status', '--porcelain', '-uno'], /(.+)/) !== 'unknown';
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${name}, Linux ${release()}`,
    node: process.version,
    redis: firstMatch('redis-server', ['--version'], /v=(\S+)/),
    nutcracker: firstMatch('nutcracker', ['--version'], /nutcracker-(\S+)/),
    commit: firstMatch('git', ['rev-parse', '--short', 'HEAD'], /(\w+)/) + (changed ? '+' : ''),
  };
}

/** What the program prints, matched; "unknown" if it does not run or prints something else. */
function firstMatch(program: string, args: readonly string[], pattern: RegExp): string {
  try {
    // nutcracker prints its version on standard error.
    const output = execFileSync('/bin/sh', ['-c', `${[program, ...args].join(' ')} 2>&1`], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    return pattern.exec(output)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
