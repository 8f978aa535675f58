/** The frame is not complete yet; `progress.needed` says how much of it is known to be missing. */
export const INCOMPLETE = -1;
/** The bytes are no frame; `progress.error` says why in Redis's words. */
export const MALFORMED = -2;

/**
 * How far a connection's framer got in a frame that is not complete, so that the bytes of a large
 * frame are looked at once and not once a read. Offsets count from the start of the frame: the
 * frame may be moved to another buffer between two reads.
 */
export class FrameProgress {
  /** Elements still to be found; 0: no frame was begun. */
  remaining = 0;
  /** Where the next element starts. */
  offset = 0;
  /** The least number of bytes that the whole frame has. */
  needed = 0;
  error = '';

  reset(): void {
    this.remaining = 0;
    this.offset = 0;
    this.needed = 0;
  }
}
