import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Certificates in PEM that are trusted besides those that Node.js trusts; null: none. */
export type TrustedCertificates = string | null;

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `http:` or `https:` */
  readonly url: string;
  /** For `https:`. */
  readonly ca?: TrustedCertificates;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it, to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly aborted?: AbortSignal;
  /** Whose connections are used; without it the request has one of its own. */
  readonly agent?: Agent;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * One request. Unlike `fetch` it goes to any port: a browser's list of forbidden ones is not for
 * programs whose ports are the operator's choice.
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
      const options = {
        method,
        headers: { ...headers, ...length },
        agent: wanted.agent ?? false,
        signal,
      };
      const sent = wanted.url.startsWith('https:')
        ? requestOverTls(wanted.url, { ...options, ...trusting(wanted.ca ?? null) })
        : request(wanted.url, options);
      sent.once('response', resolve).once('error', reject).end(body);
      // One that waits for a connection of its agent is told nothing of its end.
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: answer.statusCode ?? 0, headers: answer.headers, text };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // A name with several addresses, each of which failed: the message is empty.
    throw error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  }
}

let lastTrust: { ca: string; secureContext: SecureContext } | null = null;

/** Reading all root certificates takes some tens of milliseconds: not for each request. */
function trusting(ca: TrustedCertificates): { secureContext?: SecureContext } {
  if (ca === null) return {};
  if (lastTrust?.ca !== ca) {
    lastTrust = { ca, secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) };
  }
  return { secureContext: lastTrust.secureContext };
}
