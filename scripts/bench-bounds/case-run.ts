import type { Servers } from '../bench/servers.js';
import type { Figure } from './figure.js';
import type { BoundsOptions } from './options.js';

/** What every case has to work with. */
export interface CaseRun {
  readonly options: BoundsOptions;
  /** Two redis-servers without persistence run. */
  readonly servers: Servers;
  /** Their addresses. */
  readonly masters: readonly string[];
  readonly signal: AbortSignal;
  readonly say: (what: string) => void;
}

/** One case: its figures, in the order in which they are shown. */
export type Case = (run: CaseRun) => Promise<Figure[]>;
