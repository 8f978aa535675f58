import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trimLarge } from '../../resp/large-buffers.js';

/** How often memory that is not needed any more is given back. */
export const TRIM_MS = 5_000;
/** Less is not worth a collection, which takes some milliseconds. */
const WORTH_BYTES = 16 * 1024 * 1024;

const collect = collector();

/**
 * Gives memory back that large values have taken, once they are gone. V8 collects as it is allocated
 * from: a proxy that has nothing to do keeps what it needed last for ever. To be called every TRIM_MS.
 */
export function trimMemory(): void {
  if (trimLarge() >= WORTH_BYTES) collect?.();
}

/** V8's collector, which Node's API lacks; null: this Node does not give it away. */
function collector(): (() => void) | null {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('typeof gc === "function" ? gc : null');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? () => void found() : null;
}
