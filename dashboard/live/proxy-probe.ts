import { type Agent, type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { messageOf } from '../../base/errors.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import { type LatencySpread, spreadBetween } from './latency.js';
import { type ProxyMetrics, readMetrics } from './metrics-text.js';
import { ProbePace } from './probe-pace.js';
import { Rates } from './rates.js';

/** A proxy whose event loop is not stuck answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;
/** `/metrics` has some tens of kilobytes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** `/debug/vars` of an original Codis, which has no `/metrics`. */
const debugVars = z.object({
  router: z.object({
    ops: z.number(),
    build: z.object({ version: z.string() }).partial().optional(),
  }),
  memstats: z.object({ Sys: z.number() }).optional(),
});

export interface ProxyFigures {
  readonly metrics: ProxyMetrics;
  /** A second; null at the first look. */
  readonly rates: { ops: number; errors: number; netIn: number; netOut: number } | null;
  readonly spread: LatencySpread | null;
}

/** Looks at one proxy's admin port again and again. */
export class ProxyProbe {
  readonly record: ProxyRecord;
  readonly #agent: Agent;
  readonly #pace = new ProbePace();
  readonly #rates = new Rates<'ops' | 'errors' | 'netIn' | 'netOut'>();
  readonly #closing = new AbortController();
  #page: '/metrics' | '/debug/vars' = '/metrics';
  #isBusy = false;
  #last: ProxyMetrics | null = null;
  #figures: ProxyFigures | null = null;
  #error = 'not looked at yet';

  /** @param agent keeps connections, for all probes */
  constructor(record: ProxyRecord, agent: Agent) {
    this.record = record;
    this.#agent = agent;
  }

  get figures(): ProxyFigures | null {
    return this.#figures;
  }

  /** Why it did not answer, one line; empty if it did. */
  get error(): string {
    return this.#error;
  }

  /** Looks, unless it is too early or a look is under way. Never throws. */
  async look(now: number): Promise<void> {
    if (this.#isBusy || this.#closing.signal.aborted || !this.#pace.isDue(now)) return;
    this.#isBusy = true;
    try {
      const metrics = await this.#fetch();
      const rates = this.#rates.since(performance.now(), {
        ops: metrics.commands,
        errors: metrics.errors,
        netIn: metrics.bytesIn,
        netOut: metrics.bytesOut,
      });
      const spread =
        this.#last && rates ? spreadBetween(this.#last.latency, metrics.latency) : null;
      this.#last = metrics;
      this.#figures = { metrics, rates, spread };
      this.#error = '';
      this.#pace.succeeded();
    } catch (error) {
      this.#figures = null;
      this.#last = null;
      this.#rates.forget();
      this.#error = describe(error);
      this.#pace.failed(now);
    } finally {
      this.#isBusy = false;
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #fetch(): Promise<ProxyMetrics> {
    const { status, text } = await this.#get(this.#page);
    if (status === 404 && this.#page === '/metrics') {
      this.#page = '/debug/vars';
      return this.#fetch();
    }
    if (status !== 200) throw new Error(`${this.#page} answers with status ${status}`);
    if (this.#page === '/debug/vars') return ofDebugVars(JSON.parse(text));
    const metrics = readMetrics(text);
    if (metrics.latency.cumulative.length > 0) return metrics;
    // Whatever answers 200 to every path: an original Codis does not, but others may.
    this.#page = '/debug/vars';
    return this.#fetch();
  }

  #get(path: string): Promise<{ status: number; text: string }> {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    return new Promise((resolve, reject) => {
      const url = `http://${this.record.debug_var_addr}${path}`;
      const asked = request(url, { agent: this.#agent, signal }, (answer) => {
        readAll(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
      });
      asked.once('error', (error) => reject(signal.aborted ? signal.reason : error));
      asked.end();
    });
  }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function ofDebugVars(body: unknown): ProxyMetrics {
  const vars = debugVars.parse(body);
  return {
    version: vars.router.build?.version ?? null,
    uptimeSeconds: null,
    workers: null,
    clients: 0,
    memory: vars.memstats?.Sys ?? null,
    coordinator: null,
    unreachable: [],
    commands: vars.router.ops,
    errors: 0,
    bytesIn: 0,
    bytesOut: 0,
    latency: { boundsUs: [], cumulative: [] },
  };
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) return 'its /debug/vars are not those of a proxy';
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `no answer within ${ANSWER_TIMEOUT_MS} ms`;
  }
  if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') {
    return 'it refuses connections';
  }
  return messageOf(error) || 'the connection failed';
}
