import { signal } from '@preact/signals';
import type { FailureBody } from '../../api/contract.js';
import type { CSRF_HEADER } from '../../api/web-contract.js';

const CSRF: typeof CSRF_HEADER = 'x-codis-csrf';
/** A survey reads through all keys of a server, a promotion waits for a replica. */
const DEADLINE_MS = 60_000;

/** The pages' folder: /, also for /admin, or whatever prefix a proxy puts before it. */
export const BASE_URL = new URL('.', location.href);

/** Sent with every request; part of the session. */
export const csrfToken = signal('');
/** Counts the answers that said "log in": whoever shows the session looks again. */
export const loggedOut = signal(0);

/** What the dashboard said no with, or why it could not be asked; for people. */
export class RequestError extends Error {
  readonly hint: string;
  /** 0: there was no answer. */
  readonly status: number;

  constructor(message: string, hint: string, status: number) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

export interface Call {
  readonly method: string;
  /** Begins with a slash, and is meant relative to the pages. */
  readonly path: string;
  readonly body?: unknown;
}

/** Asks the dashboard. @returns the parsed reply @throws RequestError */
export async function request<T>({ method, path, body }: Call): Promise<T> {
  const hasBody = body !== undefined && body !== null;
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path.replace(/^\//, ''), BASE_URL), {
      method,
      headers: {
        accept: 'application/json',
        [CSRF]: csrfToken.peek(),
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      },
      ...(hasBody ? { body: JSON.stringify(body) } : {}),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    text = await response.text();
  } catch (error) {
    throw unanswered(error, method);
  }
  if (response.ok) return JSON.parse(text || 'null') as T;
  const failure = failureIn(text);
  if (response.status === 401) loggedOut.value++;
  throw new RequestError(failure.error, failure.hint, response.status);
}

function unanswered(error: unknown, method: string): RequestError {
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  const words = isTimeout
    ? `the dashboard has not answered for ${DEADLINE_MS / 1000} s`
    : 'the dashboard cannot be reached';
  const hint =
    method === 'GET'
      ? 'try again'
      : 'the change may have been made or not: look before you repeat it';
  return new RequestError(words, hint, 0);
}

function failureIn(text: string): FailureBody {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'error' in body) {
      const hint = 'hint' in body && typeof body.hint === 'string' ? body.hint : '';
      return { error: String(body.error), hint };
    }
  } catch {
    // A line of text, as Codis answers.
  }
  return { error: text.trim() || 'the dashboard refused without saying why', hint: '' };
}
