/** Names and addresses that are remembered; the oldest are forgotten beyond. */
const MAX_REMEMBERED = 10_000;

interface Bucket {
  /** Tries that are left, as of `at`. */
  left: number;
  at: number;
}

/**
 * How often somebody may fail to log in: so many times at once, and then one try in a while. A
 * success is no reason to forget earlier failures, or one account would open the way to guess
 * another's.
 */
export class LoginLimit {
  readonly #tries: number;
  readonly #refillMs: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param refillMs after which one more try is allowed */
  constructor(tries: number, refillMs: number) {
    this.#tries = tries;
    this.#refillMs = refillMs;
  }

  /** Milliseconds until `who` may try again; 0: now. */
  waitMs(who: string, now: number): number {
    const { left } = this.#bucket(who, now);
    return left >= 1 ? 0 : Math.ceil((1 - left) * this.#refillMs);
  }

  /** A try is made. */
  took(who: string, now: number): void {
    const bucket = this.#bucket(who, now);
    bucket.left = Math.max(0, bucket.left - 1);
    this.#buckets.delete(who);
    this.#buckets.set(who, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_REMEMBERED && oldest !== undefined) this.#buckets.delete(oldest);
  }

  /** It was a good one, and does not count. */
  succeeded(who: string, now: number): void {
    const bucket = this.#bucket(who, now);
    bucket.left = Math.min(this.#tries, bucket.left + 1);
  }

  #bucket(who: string, now: number): Bucket {
    const bucket = this.#buckets.get(who);
    if (!bucket) return { left: this.#tries, at: now };
    bucket.left = Math.min(this.#tries, bucket.left + (now - bucket.at) / this.#refillMs);
    bucket.at = now;
    return bucket;
  }
}
