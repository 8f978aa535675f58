import type { RedisState } from '../service/redis-info.js';

/** A replica that was without its master for longer than this before the failure is out of date. */
const MAX_LINK_DOWN_MS = 10_000;

/** What a replica on record said when it was asked, or why it said nothing. */
export type ReplicaAnswer =
  | { readonly addr: string; readonly state: RedisState }
  | { readonly addr: string; readonly error: string };

/** The master as it was when it was last heard. */
export interface LastMaster {
  readonly addr: string;
  /** Null: it has not answered since we began to watch it. */
  readonly state: RedisState | null;
  /** For how long it has been silent. */
  readonly silentMs: number;
}

/** A replica and what speaks against it; for the record and for people. */
export interface Judged {
  readonly addr: string;
  /** Bytes of the replication stream that it has; null: it does not answer. */
  readonly offset: number | null;
  /** Why it must not become the master; empty: it may. */
  readonly refusal: string;
}

export interface Choice {
  /** The replica that becomes the master; null: none may. */
  readonly chosen: string | null;
  readonly judged: readonly Judged[];
}

/**
 * Which replica becomes the master: of those that may, the one that has most of the replication
 * stream. One that shares its history with the master that failed goes before one of which that is
 * not known; between equals Redis's `replica-priority` decides, then the address.
 */
export function chooseCandidate(answers: readonly ReplicaAnswer[], master: LastMaster): Choice {
  const states = answers.flatMap((answer) => ('state' in answer ? [answer.state] : []));
  const hadData = (master.state?.keyCount ?? 0) > 0 || states.some(({ keyCount }) => keyCount > 0);
  const judged = answers.map((answer): Judged => {
    if ('error' in answer) return { addr: answer.addr, offset: null, refusal: answer.error };
    const { addr, state } = answer;
    const refusal = refusalOf(state, master, { masterHadData: hadData });
    return { addr, offset: state.offset, refusal };
  });
  const eligible = answers.flatMap((answer, index) =>
    'state' in answer && judged[index]!.refusal === '' ? [answer] : [],
  );
  const rank = ({ addr, state }: { addr: string; state: RedisState }) => [
    sharesHistory(state, master) ? 0 : 1,
    -state.offset,
    Number(state.fields.slave_priority ?? 100),
    addr,
  ];
  const [first] = eligible.sort((one, other) => compare(rank(one), rank(other)));
  return { chosen: first?.addr ?? null, judged };
}

function refusalOf(
  state: RedisState,
  master: LastMaster,
  { masterHadData }: { masterHadData: boolean },
): string {
  const { fields } = state;
  if (fields.loading === '1') return 'it is loading its data';
  if (masterHadData && state.keyCount === 0 && !hasMoreThanIsKnown(state, master)) {
    return 'it is empty, and the master was not';
  }
  if (state.role === 'master') {
    // A failover that was cut off behind its first step has made it one.
    return wasPromoted(state) ? '' : 'it is a master by itself';
  }
  if (state.masterAddr !== master.addr && !sharesHistory(state, master)) {
    return `it follows ${state.masterAddr}`;
  }
  if (fields.master_sync_in_progress === '1') return 'it has not got a whole copy';
  if (fields.slave_priority === '0') return 'its replica-priority is 0';
  const downSeconds = Number(fields.master_link_down_since_seconds ?? 0);
  if (fields.master_link_status !== 'up') {
    if (downSeconds < 0) return 'it has never been in touch with the master';
    const beforeMs = downSeconds * 1000 - master.silentMs;
    if (beforeMs > MAX_LINK_DOWN_MS) {
      return `it had lost touch with the master ${Math.round(beforeMs / 1000)} s before`;
    }
  }
  return '';
}

/** Its replication stream is that of the master, or goes on from there. */
function sharesHistory({ fields }: RedisState, { state }: LastMaster): boolean {
  const id = state?.fields.master_replid;
  if (id === undefined) return false;
  return fields.master_replid === id || fields.master_replid2 === id;
}

/** An empty one is so because its master became so meanwhile: its keys were moved away, for one. */
function hasMoreThanIsKnown(state: RedisState, master: LastMaster): boolean {
  return sharesHistory(state, master) && state.offset > master.state!.offset;
}

/** True for a server that was a replica before it became a master. */
function wasPromoted({ fields }: RedisState): boolean {
  return !/^0*$/.test(fields.master_replid2 ?? '');
}

function compare(one: readonly (number | string)[], other: readonly (number | string)[]): number {
  for (const [index, value] of one.entries()) {
    if (value !== other[index]!) return value < other[index]! ? -1 : 1;
  }
  return 0;
}
