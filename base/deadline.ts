import { DeadlineError } from './errors.js';

/**
 * The promise's own outcome, or a {@link DeadlineError} after `ms`. The work behind the promise is
 * not stopped: its outcome is unknown to the caller from then on.
 *
 * @param what names the awaited thing in the error: "<what> did not answer within 500 ms".
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`${what} did not answer within ${ms} ms`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
