import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

// Linux shows process times in these ticks on every architecture that Node runs on (USER_HZ).
const TICKS_PER_SECOND = 100;

/** Figures of a process and all its descendants, such as the workers of a proxy. */
export interface ProcessUsage {
  /** User and system time of all threads since their start, in microseconds; 10 ms steps. */
  readonly cpuMicros: number;
  /** Resident memory now, in bytes. Pages shared between the processes are counted in each. */
  readonly rssBytes: number;
  /** The highest resident memory since {@link resetPeak}, or since the start if that failed. */
  readonly peakRssBytes: number;
}

/** @returns null if the process does not exist, or the system has no /proc. */
export function usageOf(pid: number): ProcessUsage | null {
  let cpuMicros = 0;
  let rssBytes = 0;
  let peakRssBytes = 0;
  const family = withDescendants(pid);
  if (family.length === 0) return null;
  for (const member of family) {
    const status = readText(`/proc/${member.pid}/status`);
    cpuMicros += (member.cpuTicks / TICKS_PER_SECOND) * 1e6;
    rssBytes += kilobytes(status, 'VmRSS') * 1024;
    peakRssBytes += kilobytes(status, 'VmHWM') * 1024;
  }
  return { cpuMicros, rssBytes, peakRssBytes };
}

/** Lets the peak of the memory begin anew; processes of other users refuse that. */
export function resetPeak(pid: number): void {
  for (const member of withDescendants(pid)) {
    try {
      writeFileSync(`/proc/${member.pid}/clear_refs`, '5');
    } catch {
      // Its peak stays the one since its start, as the contract of the figure says.
    }
  }
}

/** Processor time of this process and of its children that have ended, in microseconds. */
export function ownCpuMicros(): number {
  const fields = statFields(process.pid);
  // utime, stime, cutime, cstime
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

/** Processor time that anybody has used on this machine, in microseconds; 0 without /proc. */
export function machineCpuMicros(): number {
  const line = readText('/proc/stat').split('\n', 1)[0]!;
  const [user, nice, system, , , irq, softIrq, stolen] = line.split(/\s+/).slice(1).map(Number);
  const ticks = [user, nice, system, irq, softIrq, stolen].reduce<number>(
    (sum, part) => sum + (part ?? 0),
    0,
  );
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuTicks: number;
}

function withDescendants(pid: number): ProcessStat[] {
  const root = statOf(pid);
  if (!root) return [];
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null);
  const family = [root];
  for (let at = 0; at < family.length; at++) {
    family.push(...all.filter((stat) => stat.parent === family[at]!.pid));
  }
  return family;
}

function statOf(pid: number): ProcessStat | null {
  const fields = statFields(pid);
  if (fields.length < 15) return null;
  return { pid, parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

/** proc(5): the fields after the name, which stands in brackets and may hold anything. */
function statFields(pid: number): string[] {
  const text = readText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // The process has ended meanwhile.
  }
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
