import dns from 'node:dns';

type Callback = (error: Error | null, ...found: unknown[]) => void;

/** Answers for names of a test, in this process, in the place of the machine's name service. */
export class NameService {
  /** The IPv4 addresses of the names; others are looked up as ever. Change it at will. */
  readonly addresses = new Map<string, string>();
  /** How often each name was asked for. */
  readonly asked = new Map<string, number>();
  readonly #lookup = dns.lookup;

  constructor() {
    dns.lookup = ((name: string, options: { all?: boolean }, callback: Callback) => {
      const address = this.addresses.get(name);
      if (!name.endsWith('.test')) return this.#lookup(name, options, callback as never);
      this.asked.set(name, (this.asked.get(name) ?? 0) + 1);
      setImmediate(() => {
        if (address === undefined) {
          callback(
            Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }),
          );
        } else if (options.all) {
          callback(null, [{ address, family: 4 }]);
        } else {
          callback(null, address, 4);
        }
      });
    }) as typeof dns.lookup;
  }

  restore(): void {
    dns.lookup = this.#lookup;
  }
}
