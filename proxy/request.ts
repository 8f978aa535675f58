import type { CommandRow } from './command/command-row.js';

/**
 * Who waits for a reply. A reply comes exactly once for each request sent, as bytes of one whole
 * RESP frame; a failure comes as an error frame.
 */
export interface RequestOwner {
  /** Who sent the command in the first place: the order of its commands is to be kept. */
  readonly origin: object;

  /**
   * @param isOwned the bytes will not change; otherwise what is to be kept must be copied.
   */
  onReply(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void;

  /** The keys of what is sent, as byte strings, each once, where its row and bytes do not tell. */
  readonly keys?: readonly string[];

  /** One of the replies that come before the one that counts is an error. @param error its text */
  onSkippedError?(error: string): void;

  /**
   * A reply of at least so many bytes has begun to come in. Null: it is to be given whole. Otherwise
   * its parts are given to the stream as they come, and `onReply` is not called.
   */
  streamReply?(request: Request, leastBytes: number): ReplyStream | null;
}

/** Takes a reply in parts. */
export interface ReplyStream {
  /** The next bytes; `isOwned` as in `onReply`. */
  onPart(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void;
  /** All of it has been given. */
  onEnd(request: Request): void;
  /** The rest will never come. */
  onBroken(request: Request): void;
}

/**
 * One command on its way: the one object that is made for it. Requests stand in two queues: the
 * session's, in the order of the client's commands, and the backend's, in the order sent.
 */
export class Request {
  readonly owner: RequestOwner;
  readonly row: CommandRow;
  readonly slotId: number;
  /** The protocol and database it is to be executed in; see backend/lane.ts. */
  readonly lane: number;
  /** turn.nowUs() when the command arrived. */
  readonly startedUs: number;
  /** The reply, once it has come before its turn: `reply[replyStart, replyEnd)`. */
  reply: Buffer | null = null;
  replyStart = 0;
  replyEnd = 0;
  /** Frames that the server sends before the one that is the reply: a transaction's +QUEUED. */
  skippedReplies = 0;

  constructor(
    owner: RequestOwner,
    row: CommandRow,
    slotId: number,
    lane: number,
    startedUs: number,
  ) {
    this.owner = owner;
    this.row = row;
    this.slotId = slotId;
    this.lane = lane;
    this.startedUs = startedUs;
  }

  /** Answers with an error of ours. @param text without `-` and line end, one line */
  fail(text: string): void {
    const bytes = Buffer.from(`-${text.replaceAll(/[\r\n]+/g, ' ')}\r\n`);
    this.owner.onReply(this, bytes, 0, bytes.length, true);
  }
}

/** Of a request that is about no key. */
export const NO_SLOT = -1;

/** The row of what is no command of a client's: it is not counted. */
export const INTERNAL_ROW: CommandRow = {
  index: -1,
  name: 'internal',
  arity: -1,
  route: 'refused',
  isWrite: false,
  isReadOnly: true,
  needsNoAuth: true,
  firstKey: 0,
  hasOneKey: false,
  keyFinder: 'specs',
  keySpecs: [],
  guard: 'none',
  subcommands: [],
};

/** Like INTERNAL_ROW, for what must not be taken as not done when its connection is lost. */
export const INTERNAL_WRITE_ROW: CommandRow = { ...INTERNAL_ROW, isWrite: true };
