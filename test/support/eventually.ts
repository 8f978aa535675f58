import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Waits until the condition holds and gives what it returned. A condition that throws does not
 * hold yet. After `timeoutMs` the last error, or one naming `what`, is thrown.
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let failure: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: failure });
}
