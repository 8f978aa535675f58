import { spawn } from 'node:child_process';
import { OperatorError } from '../../base/errors.js';

/** What one run of redis-benchmark found. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Latencies in milliseconds: of a whole batch where commands are pipelined. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/**
 * Runs redis-benchmark once.
 *
 * @param timeoutMs after which it is ended and the run has failed.
 * @throws OperatorError if it fails, is answered with errors, or takes too long.
 */
export function runRedisBenchmark(
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('redis-benchmark', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      signal,
    });
    let output = '';
    let complaints = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, endSignal) => {
      if (endSignal) {
        reject(new OperatorError(`redis-benchmark did not end within ${timeoutMs} ms`));
        return;
      }
      try {
        if (code !== 0) throw new OperatorError(`redis-benchmark ended with code ${code}`);
        resolve(parseBenchmarkOutput(output + complaints));
      } catch (cause) {
        const hint = lastError(output + complaints) ?? '';
        reject(
          cause instanceof OperatorError
            ? new OperatorError(cause.message, { hint, cause })
            : cause,
        );
      }
    });
  });
}

/**
 * Reads what `redis-benchmark` of Redis 6.2 and later prints about one test.
 *
 * @throws OperatorError if a figure is missing, or if the server answered with errors: such a run
 * measures nothing.
 */
export function parseBenchmarkOutput(output: string): LoadResult {
  // The progress line is rewritten in place; only what stands after the last return counts.
  const text = output.replaceAll('\r', '\n');
  if (/^Error from server/m.test(text)) {
    throw new OperatorError('the target answered with errors');
  }
  const finished = find(text, /(\d+) requests completed in ([\d.]+) seconds/);
  const throughput = find(text, /throughput summary: ([\d.]+) requests per second/);
  const summary = find(text, /avg +min +p50 +p95 +p99 +max\s+([\d. ]+)/);
  const figures = summary[1]!.trim().split(/\s+/).map(Number);
  const tail = [...text.matchAll(/^([\d.]+)% <= ([\d.]+) milliseconds/gm)].find(
    (match) => Number(match[1]) >= 99.9,
  );
  if (figures.length !== 6 || !tail) {
    throw new OperatorError('redis-benchmark printed something unexpected');
  }
  return {
    requests: Number(finished[1]),
    seconds: Number(finished[2]),
    requestsPerSecond: Number(throughput[1]),
    p50Ms: figures[2]!,
    p99Ms: figures[4]!,
    p999Ms: Number(tail[2]),
  };
}

function find(text: string, pattern: RegExp): RegExpExecArray {
  const match = pattern.exec(text);
  if (!match) throw new OperatorError('redis-benchmark printed something unexpected');
  return match;
}

function lastError(output: string): string | undefined {
  return output
    .split(/[\r\n]+/)
    .filter((line) => /error|could not/i.test(line))
    .at(-1)
    ?.trim();
}
