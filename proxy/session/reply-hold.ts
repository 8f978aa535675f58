import type { Request } from '../request.js';

/** Replies up to this size share a buffer while they wait for their turn. */
const SHARED_REPLY_BYTES = 2048;
const ARENA_BYTES = 64 * 1024;
/** Below, a loop beats `Buffer.copy`, which crosses into C++. */
const LOOP_BYTES = 48;

// Filled from the front; a full one lives on as long as a request refers to it.
let arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
let used = 0;

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
  }
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
