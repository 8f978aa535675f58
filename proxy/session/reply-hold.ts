import type { Request } from '../request.js';

/** Replies up to this size share a buffer while they wait for their turn. */
const SHARED_REPLY_BYTES = 8 * 1024;
const ARENA_BYTES = 256 * 1024;
/** Below, a loop beats `Buffer.copy`, which crosses into C++. */
const LOOP_BYTES = 48;

// Filled from the front, anew whenever nothing is kept in it; a full one lives on as long as a request
// refers to it.
let arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
let used = 0;
let kept = 0;

/** Keeps the reply in the request until the replies before it have gone out. */
export function holdReply(
  request: Request,
  bytes: Buffer,
  start: number,
  end: number,
  isOwned: boolean,
): void {
  const length = end - start;
  if (isOwned) {
    request.reply = bytes;
    request.replyStart = start;
    request.replyEnd = end;
    return;
  }
  if (length > SHARED_REPLY_BYTES) {
    request.reply = Buffer.from(bytes.subarray(start, end));
    request.replyStart = 0;
    request.replyEnd = length;
    return;
  }
  if (used + length > ARENA_BYTES) {
    arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
    used = 0;
    kept = 0;
  }
  kept++;
  request.reply = arena;
  request.replyStart = used;
  if (length < LOOP_BYTES) {
    for (let from = start; from < end; from++) arena[used++] = bytes[from]!;
  } else {
    bytes.copy(arena, used, start, end);
    used += length;
  }
  request.replyEnd = used;
}

/** The request's reply has been copied to where it goes, or is not needed: its place may be used. */
export function forgetReply(request: Request): void {
  if (request.reply === arena && --kept === 0) used = 0;
  request.reply = null;
}
