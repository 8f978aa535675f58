import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process, of all that ever ran. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in ticks since the boot; empty where the system does not tell (no /proc). */
  startTime: string;
  /** Where its pid means something: the boot of the machine and, in it, the pid namespace. */
  scope: string;
}

/** `gone`: certainly ended. `exists`: runs or is stopped. `unknown`: cannot be seen from here. */
export type ProcessFate = 'gone' | 'exists' | 'unknown';

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: statOf(process.pid)?.startTime ?? '', scope: ownScope() };
}

export function fateOf({ pid, startTime, scope }: ProcessIdentity): ProcessFate {
  if (scope !== ownScope()) return 'unknown';
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, of another user.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return 'gone';
  }
  const stat = statOf(pid);
  // Without /proc a pid that is in use again cannot be told from the process itself.
  if (!stat) return 'unknown';
  const isZombie = stat.state === 'Z' || stat.state === 'X';
  return isZombie || (startTime !== '' && stat.startTime !== startTime) ? 'gone' : 'exists';
}

/** State and start time from `/proc/<pid>/stat`, proc(5); null if it cannot be read. */
function statOf(pid: number): { state: string; startTime: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the program's name in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
  } catch {
    return null;
  }
}

let scope: string | undefined;

function ownScope(): string {
  if (scope === undefined) {
    try {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
      scope = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    } catch {
      scope = hostname();
    }
  }
  return scope;
}
