import { type IncomingMessage, request } from 'node:http';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `http:` only. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it, to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly aborted?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request on a connection of its own. Unlike `fetch` it goes to any port: a browser's list of
 * forbidden ones is not for programs whose ports are the operator's choice.
 *
 * @throws Error of the connection, with its reason in its own message; a DOMException named
 * TimeoutError after `timeoutMs`; the reason of `aborted`.
 */
export async function sendHttpRequest(wanted: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(wanted.timeoutMs);
  const signal = wanted.aborted ? AbortSignal.any([wanted.aborted, timeout]) : timeout;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const { method, headers, body = '' } = wanted;
      const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
      request(wanted.url, { method, headers: { ...headers, ...length }, agent: false, signal })
        .once('response', resolve)
        .once('error', reject)
        .end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // A name with several addresses, each of which failed: the message is empty.
    throw error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  }
}
