import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProxy } from '../../cluster/model/proxy.js';
import type { Look } from './build-state.js';
import { type ProxyFigures, ProxyProbe } from './proxy-probe.js';
import type { Records } from './records.js';
import { type ServerFigures, ServerProbe } from './server-probe.js';

/** Who has not answered by then is shown as it was, and in the next turn as it is. */
const LOOK_TOGETHER_MS = 400;

/** A probe for each server and proxy that the records name. */
export class Probes {
  readonly #password: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2, scheduling: 'lifo' });
  readonly #servers = new Map<string, ServerProbe>();
  readonly #proxies = new Map<string, ProxyProbe>();

  constructor(password: string) {
    this.#password = password;
  }

  get servers(): ReadonlyMap<string, Look<ServerFigures>> {
    return this.#servers;
  }

  /** By proxy id. */
  get proxies(): ReadonlyMap<string, Look<ProxyFigures>> {
    return this.#proxies;
  }

  /** From now on these and no others. */
  follow(records: Records): void {
    const addrs = new Set(
      records.groups.flatMap((group) => (group.servers ?? []).map((server) => server.addr)),
    );
    for (const addr of addrs) {
      if (!this.#servers.has(addr)) this.#servers.set(addr, new ServerProbe(addr, this.#password));
    }
    for (const [addr, probe] of this.#servers) {
      if (addrs.has(addr)) continue;
      probe.close();
      this.#servers.delete(addr);
    }
    const proxies = new Map(records.proxies.map((proxy) => [proxy.id, proxy]));
    for (const [id, probe] of this.#proxies) {
      const record = proxies.get(id);
      if (record && isSameProxy(record, probe.record)) continue;
      probe.close();
      this.#proxies.delete(id);
    }
    for (const [id, record] of proxies) {
      if (!this.#proxies.has(id)) this.#proxies.set(id, new ProxyProbe(record, this.#agent));
    }
  }

  /** Looks at all of them at once. Never throws, and does not wait for those that hang. */
  async look(now: number): Promise<void> {
    const all = [...this.#servers.values(), ...this.#proxies.values()];
    const late = new AbortController();
    const looks = Promise.all(all.map((probe) => probe.look(now)));
    await Promise.race([
      looks,
      sleep(LOOK_TOGETHER_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
  }

  close(): void {
    for (const probe of [...this.#servers.values(), ...this.#proxies.values()]) probe.close();
    this.#agent.destroy();
  }
}
