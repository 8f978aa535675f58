import { z } from 'zod';

/** What both Codis 2 and Codis 3 write of a proxy, as far as clients are concerned. */
const registration = z.object({ addr: z.string().min(1), state: z.string() });

export type Registration = z.infer<typeof registration>;

/** Null for what is not a registration: somebody else's node, or one that is being written. */
export function readRegistration(data: string): Registration | null {
  try {
    return registration.parse(JSON.parse(data));
  } catch {
    return null;
  }
}

/**
 * Which proxies to use, by what the tree says.
 *
 * A proxy that is registered in both layouts is judged by that of Codis 2: the dashboard writes its
 * state there. If nothing is online, those of before are used on, but for any that says itself that
 * it is going: all nodes may be gone because the proxies' sessions have expired with a long loss of
 * ZooKeeper, while they serve as ever.
 *
 * @returns addresses, sorted
 */
export function onlineProxies(
  codis2: readonly Registration[],
  codis3: readonly Registration[],
  before: readonly string[],
): readonly string[] {
  const states = new Map<string, string>();
  for (const { addr, state } of [...codis3, ...codis2]) states.set(addr, state);
  const online = [...states].filter(([, state]) => state === 'online').map(([addr]) => addr);
  return online.length > 0 ? online.sort() : before.filter((addr) => !states.has(addr));
}
