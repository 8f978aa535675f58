import { Gathering, viewOf } from '../../resp/gathering.js';
import type { Backend } from '../backend/backend.js';
import { Merge } from '../command/merge.js';
import { Request, type RequestOwner } from '../request.js';
import type { ReplicaReads } from '../router/replicas/replica-reads.js';
import type { Router } from '../router/router.js';
import { forgetReply, holdReply } from './reply-hold.js';
import { type FramedCommand, SplitPlan } from './split-plan.js';

const LF = 0x0a;
const ASTERISK = 0x2a;
const NO_RUNS: readonly number[] = [];
/** Room for the header of a part. */
const HEADER_BYTES = 16;

// One command is split, and one reply merged, at a time.
const plan = new SplitPlan();
const gathering = new Gathering();
const merge = new Merge();

/**
 * A command on keys of several groups: MGET, MSET, DEL and their like. It is sent as one command a
 * group, each with that group's keys in their order, and answered when all of them are: with the
 * merged reply, or with the first error. It is not atomic over groups.
 */
export class FanOut implements RequestOwner {
  readonly #whole: Request;
  /** In the order of their first keys; each keeps its reply. */
  readonly #requests: Request[] = [];
  /** See SplitPlan. */
  readonly #runs: readonly number[];
  #missing: number;

  private constructor(whole: Request, runs: readonly number[], parts: number) {
    this.#whole = whole;
    this.#runs = runs;
    this.#missing = parts;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /**
   * Sends the command, whole if all of its keys have one place.
   *
   * @param stride arguments a key: 1, or 2 for key and value
   * @param replicaReads where it may go if it only reads
   * @returns a connection that has been given more than it takes now; null: there is none
   */
  static send(
    whole: Request,
    command: FramedCommand,
    stride: number,
    router: Router,
    replicaReads: ReplicaReads | null = null,
  ): Backend | null {
    plan.make(command, stride, router);
    const { parts, runs, runCount } = plan;
    const replicas = whole.row.isReadOnly ? replicaReads : null;
    if (parts.length === 1) {
      const { bytes, start, end, isOwned } = command;
      if (replicas?.send(whole, bytes, start, end, isOwned)) return null;
      router.send(whole, bytes, start, end, isOwned);
      return congestedOf(parts[0]!.server?.lane(whole.lane));
    }
    // In one piece, now that its length is known; only what is merged in order needs it.
    const order = whole.row.route === 'split-mget' ? runs.slice(0, runCount * 2) : NO_RUNS;
    const fanOut = new FanOut(whole, order, parts.length);
    for (const part of parts) {
      const request = new Request(fanOut, whole.row, part.slotId, whole.lane, whole.startedUs);
      fanOut.#requests.push(request);
    }
    const { bytes, argEnds } = command;
    const view = viewOf(bytes);
    // The name's own `$n` line, from the end of the `*n` line on.
    const nameStart = bytes.indexOf(LF, command.start) + 1;
    const nameEnd = argEnds[0]! + 2;
    let congested: Backend | null = null;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      gathering.begin(HEADER_BYTES + nameEnd - nameStart + part.bytes);
      gathering.putCount(ASTERISK, 1 + part.keyCount * stride);
      gathering.put(bytes, view, nameStart, nameEnd);
      let from = plan.keysStart;
      for (let run = 0; run < runCount; run++) {
        const to = plan.runEnds[run]!;
        if (runs[run * 2] === index) gathering.put(bytes, view, from, to);
        from = to;
      }
      const request = fanOut.#requests[index]!;
      const { bytes: own, length, isOwned } = gathering;
      if (replicas?.send(request, own, 0, length, isOwned)) continue;
      router.send(request, own, 0, length, isOwned);
      congested ??= congestedOf(part.server?.lane(whole.lane));
    }
    gathering.clear();
    return congested;
  }

  onReply(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (--this.#missing > 0) {
      holdReply(request, bytes, start, end, isOwned);
      return;
    }
    // The last one need not be kept: it is here as long as it is needed.
    request.reply = bytes;
    request.replyStart = start;
    request.replyEnd = end;
    const whole = this.#whole;
    merge.make(whole.row.route, this.#requests, this.#runs);
    whole.owner.onReply(whole, merge.bytes, merge.start, merge.end, merge.isOwned);
    merge.clear();
    for (const part of this.#requests) forgetReply(part);
  }
}

function congestedOf(backend: Backend | undefined): Backend | null {
  return backend?.isCongested ? backend : null;
}
