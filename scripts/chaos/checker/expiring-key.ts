import type { Plain } from '../../../resp/decode.js';
import type { Random } from '../../support/random.js';
import { shown } from './cell.js';
import type { Findings } from './findings.js';
import type { Operation, Subject } from './operation.js';
import type { Outcome, Times } from './outcome.js';

/**
 * A move takes the time that is left along, and what the transfer takes comes on top of it: a key
 * may live so much longer than it was told. Never shorter.
 */
const TOLERANCE_MS = 1_500;
/** Redis counts whole milliseconds, of another clock than ours. */
const CLOCK_MS = 3;

/** `until`: from when on and by when it has gone; null: it stays. */
interface Life {
  readonly text: string;
  readonly until: { readonly from: number; readonly by: number } | null;
}

/** A key with a time to live, some of them so short that it ends while the slot moves. */
export class ExpiringKey implements Subject {
  readonly key: string;
  readonly database: number;
  readonly #findings: Findings;
  readonly #unique: () => string;
  #life: Life | null = null;
  #isCertain = true;

  constructor(key: string, database: number, findings: Findings, unique: () => string) {
    this.key = key;
    this.database = database;
    this.#findings = findings;
    this.#unique = unique;
  }

  get isCertain(): boolean {
    return this.#isCertain;
  }

  /** What it may hold now; null: nothing. For a look at the end of a run. */
  possibleNow(now: number): readonly (string | null)[] {
    const life = this.#life;
    if (life === null) return [null];
    const { mustLive, mayLive } = chances(life, { sent: now, received: now });
    return [...(mayLive ? [life.text] : []), ...(mustLive ? [] : [null])];
  }

  operation(random: Random): Operation {
    switch (random.whole(0, 6)) {
      case 0:
      case 1:
        return this.#set(random.oneIn(2) ? random.whole(50, 1_500) : random.whole(5_000, 60_000));
      case 2:
        return this.#expire(random.whole(100, 20_000));
      case 3:
        return this.#timeLeft();
      case 4:
        return random.oneIn(3) ? this.#persist() : this.#get();
      default:
        return this.#get();
    }
  }

  /** What was there is of no more interest: a new life. */
  recover(): readonly Operation[] {
    const text = this.#unique();
    const args = ['SET', this.key, text, 'PX', '60000'];
    return [
      {
        args,
        settle: (outcome, { sent, received }) => {
          if (outcome.type !== 'answered') return;
          this.#expect(args, outcome.reply, outcome.reply === 'OK');
          this.#life = { text, until: { from: sent + 60_000, by: received + 60_000 } };
          this.#isCertain = true;
        },
      },
    ];
  }

  conclude(): void {}

  #set(ms: number): Operation {
    const text = this.#unique();
    const args = ['SET', this.key, text, 'PX', String(ms)];
    return this.#operation(args, (reply, { sent, received }) => {
      this.#expect(args, reply, reply === 'OK');
      this.#life = { text, until: { from: sent + ms, by: received + ms } };
    });
  }

  #get(): Operation {
    const args = ['GET', this.key];
    return this.#operation(args, (reply, times) => {
      const { mustLive, mayLive } = chances(this.#life, times);
      const isRight = reply === null ? !mustLive : mayLive && reply === this.#life!.text;
      this.#expect(args, reply, isRight);
      if (reply === null) this.#life = null;
    });
  }

  #expire(ms: number): Operation {
    const args = ['PEXPIRE', this.key, String(ms)];
    return this.#operation(args, (reply, times) => {
      this.#note(args, reply, times);
      if (this.#life === null) return;
      const until = { from: times.sent + ms, by: times.received + ms };
      this.#life = { ...this.#life, until };
    });
  }

  #persist(): Operation {
    const args = ['PERSIST', this.key];
    return this.#operation(args, (reply, times) => {
      const { mustLive, mayLive } = chances(this.#life, times);
      const isTimed = this.#life?.until != null;
      this.#expect(args, reply, reply === 1 ? mayLive && isTimed : !mustLive || !isTimed);
      if (this.#life === null) return;
      if (reply === 1) this.#life = { ...this.#life, until: null };
      else if (isTimed) this.#life = null;
    });
  }

  #timeLeft(): Operation {
    const args = ['PTTL', this.key];
    return this.#operation(args, (reply, times) => {
      const { mustLive, mayLive } = chances(this.#life, times);
      const until = this.#life?.until ?? null;
      if (reply === -2) {
        this.#expect(args, reply, !mustLive);
        this.#life = null;
      } else if (reply === -1) {
        this.#expect(args, reply, this.#life !== null && until === null);
      } else if (until === null) {
        this.#expect(args, reply, false);
      } else {
        const least = until.from - times.received - CLOCK_MS;
        const most = until.by - times.sent + TOLERANCE_MS;
        this.#expect(args, reply, mayLive && Number(reply) >= least && Number(reply) <= most);
      }
    });
  }

  /** A reply of 1 says that the key lives, one of 0 that it does not. */
  #note(args: readonly string[], reply: Plain, times: Times): void {
    const { mustLive, mayLive } = chances(this.#life, times);
    this.#expect(args, reply, reply === 1 ? mayLive : reply === 0 && !mustLive);
    if (reply === 0) this.#life = null;
  }

  #operation(args: readonly string[], answered: (reply: Plain, times: Times) => void): Operation {
    return {
      args,
      settle: (outcome: Outcome, times: Times) => {
        // Behind a command of unknown outcome in the same batch nothing can be told.
        if (outcome.type === 'unknown') this.#isCertain = false;
        else if (outcome.type === 'answered' && this.#isCertain) answered(outcome.reply, times);
      },
    };
  }

  #expect(args: readonly string[], reply: Plain, isRight: boolean): void {
    if (isRight) return;
    const life = this.#life;
    const now = performance.now();
    const left = life?.until ? `${Math.round(life.until.from - now)} ms left` : 'no end';
    const model = life ? `${JSON.stringify(life.text)} with ${left}` : 'nothing';
    this.#findings.difference(
      `${shown(args)} was answered ${JSON.stringify(reply)}, where there has to be ${model}`,
    );
  }
}

/** Whether the key must or may have been there when the command was executed. */
function chances(
  life: Life | null,
  { sent, received }: Times,
): { mustLive: boolean; mayLive: boolean } {
  if (life === null) return { mustLive: false, mayLive: false };
  const { until } = life;
  if (until === null) return { mustLive: true, mayLive: true };
  return { mustLive: received < until.from - CLOCK_MS, mayLive: sent < until.by + TOLERANCE_MS };
}
