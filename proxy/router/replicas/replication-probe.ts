import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import { turn } from '../../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, Request, type RequestOwner } from '../../request.js';

const INFO = Buffer.from('*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n');
const LANE = laneOf(2, 0);
const DOLLAR = 0x24;
/** How much of the newest answering time goes into the usual one. */
const NEWEST_SHARE = 0.2;

/** What a server says of its replication. */
export interface Replication {
  readonly isReplica: boolean;
  /** Of the stream that it has, or follows. */
  readonly id: string;
  /** Bytes of it. */
  readonly offset: number;
  /** Its data is being replaced by its master's. */
  readonly isSyncing: boolean;
}

/** Asks a server about its replication, one question at a time. */
export class ReplicationProbe implements RequestOwner {
  readonly origin = this;
  readonly server: Server;
  readonly #onAnswer: (answer: Replication, nowMs: number) => void;
  #askedMs = 0;
  #isAsked = false;
  /** Null: it has not answered yet, or the last answer was an error. */
  latest: Replication | null = null;
  /** Milliseconds that an answer usually takes. */
  answersInMs = Number.POSITIVE_INFINITY;

  constructor(server: Server, onAnswer: (answer: Replication, nowMs: number) => void) {
    this.server = server;
    this.#onAnswer = onAnswer;
  }

  /** For how long it has owed an answer; 0: it owes none. */
  silentMs(nowMs: number): number {
    return this.#isAsked ? nowMs - this.#askedMs : 0;
  }

  /** To be called now and then; does nothing while an answer is missing. */
  ask(): void {
    if (this.#isAsked) return;
    const backend = this.server.lane(LANE);
    if (backend.state !== 'ready') {
      this.latest = null;
      return;
    }
    this.#isAsked = true;
    this.#askedMs = performance.now();
    const request = new Request(this, INTERNAL_ROW, NO_SLOT, LANE, turn.nowUs());
    backend.send(request, INFO, 0, INFO.length, true);
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    this.#isAsked = false;
    if (bytes[start] !== DOLLAR) {
      this.latest = null;
      return;
    }
    const nowMs = performance.now();
    const tookMs = nowMs - this.#askedMs;
    this.answersInMs = Number.isFinite(this.answersInMs)
      ? this.answersInMs + NEWEST_SHARE * (tookMs - this.answersInMs)
      : tookMs;
    this.latest = parseReplication(bytes.toString('latin1', start, end));
    this.#onAnswer(this.latest, nowMs);
  }
}

/** Reads the section `replication` of INFO. */
export function parseReplication(text: string): Replication {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
  const isReplica = field('role') === 'slave';
  return {
    isReplica,
    id: field('master_replid'),
    offset: Number(field(isReplica ? 'slave_repl_offset' : 'master_repl_offset')),
    isSyncing: field('master_sync_in_progress') === '1',
  };
}
