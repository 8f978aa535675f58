import { VERSION } from '../../base/version.js';
import type { CommandStats } from '../data-plane.js';
import type { AdminSource } from './admin-source.js';

/**
 * `/debug/vars` in the shape of Codis 2, which Go's expvar gave it: dashboards compute rates from
 * `router.ops` and `router.cmds`.
 */
export function debugVars(source: AdminSource): object {
  const { commands } = source.dataPlane();
  const memory = process.memoryUsage();
  return {
    cmdline: process.argv,
    memstats: { Sys: memory.rss, HeapSys: memory.heapTotal, HeapAlloc: memory.heapUsed },
    router: {
      ops: commands.reduce((sum, command) => sum + command.calls, 0),
      cmds: commands.map(commandVars),
      info: source.topology().record,
      build: { version: VERSION, compile: `node ${process.version}` },
    },
  };
}

function commandVars({ cmd, calls, usecs }: CommandStats): object {
  const total = Math.round(usecs);
  return { cmd, calls, usecs: total, usecs_percall: calls === 0 ? 0 : Math.round(total / calls) };
}
