import { formatAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import { RawConnection } from './raw-connection.js';
import type { Target } from './target.js';

/** What every run has in common. */
export interface LoadShape {
  readonly clients: number;
  /** Bytes of a value. */
  readonly valueSize: number;
  /** How many different keys there are; they are all present before the first run. */
  readonly keys: number;
}

// redis-benchmark puts a random number of twelve digits in its place.
const RANDOM_KEY = 'key:__rand_int__';
// Linux refuses a longer single argument to a program.
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;
/** Bytes that one exchange of the filling sends; more would swell the buffers, and so the RSS. */
const FILL_BATCH_BYTES = 16 * 1024;

/** The tests by name; each gives redis-benchmark's arguments for its command. */
const TESTS = new Map<string, (valueSize: number) => string[]>([
  ['set', () => ['-t', 'set']],
  ['get', () => ['-t', 'get']],
  ['mget10', () => ['mget', ...repeat([RANDOM_KEY], 10)]],
  ['mget100', () => ['mget', ...repeat([RANDOM_KEY], 100)]],
  ['mset10', (valueSize) => ['mset', ...repeat([RANDOM_KEY, valueArgument(valueSize)], 10)]],
  ['mset100', (valueSize) => ['mset', ...repeat([RANDOM_KEY, valueArgument(valueSize)], 100)]],
]);

export const TEST_NAMES: readonly string[] = [...TESTS.keys()];

function repeat(words: readonly string[], times: number): string[] {
  return Array.from({ length: times }, () => words).flat();
}

function valueArgument(valueSize: number): string {
  if (valueSize > MAX_ARGUMENT_BYTES) {
    throw new OperatorError(`mset cannot be measured with values of ${valueSize} bytes`, {
      hint: `use --value-size up to ${MAX_ARGUMENT_BYTES}, or --tests set,get`,
    });
  }
  return 'x'.repeat(valueSize);
}

/** The arguments of redis-benchmark, one thread, for one run. */
export function benchmarkArguments(
  target: Target,
  test: string,
  shape: LoadShape & { readonly pipeline: number; readonly requests: number },
): string[] {
  const command = TESTS.get(test);
  if (!command) throw new Error(`no such test: ${test}`);
  const { host, port } = target.address;
  return [
    ...['-h', host || '127.0.0.1', '-p', String(port)],
    ...['-c', String(shape.clients), '-d', String(shape.valueSize), '-r', String(shape.keys)],
    ...['-P', String(shape.pipeline), '-n', String(shape.requests), '--precision', '3'],
    ...command(shape.valueSize),
  ];
}

/** How many keys of this size keep a server within a few hundred megabytes; at most 100,000. */
export function keysFor(valueSize: number): number {
  const budgetBytes = 256 * 1024 * 1024;
  return Math.max(100, Math.min(100_000, Math.floor(budgetBytes / valueSize)));
}

/**
 * Sets every key through the target and reads some back, so that a GET finds its value on
 * whichever server this target looks for it, and so that only targets that work are measured.
 *
 * @throws OperatorError if a reply is not what Redis would say.
 */
export async function fillThrough(target: Target, shape: LoadShape): Promise<void> {
  const connection = await RawConnection.open(
    `${target.name} (${formatAddress(target.address)})`,
    target.address,
  );
  const value = 'x'.repeat(shape.valueSize);
  const batch = Math.max(1, Math.floor(FILL_BATCH_BYTES / (shape.valueSize + 64)));
  try {
    for (let first = 0; first < shape.keys; first += batch) {
      const keys = Array.from({ length: Math.min(batch, shape.keys - first) }, (_, index) =>
        keyName(first + index),
      );
      const request = keys.map((key) => command('SET', key, value)).join('');
      await connection.exchange(Buffer.from(request), Buffer.from('+OK\r\n'.repeat(keys.length)));
      const [key] = keys;
      await connection.exchange(Buffer.from(command('GET', key!)), Buffer.from(bulk(value)));
    }
  } finally {
    connection.close();
  }
}

function keyName(number: number): string {
  return `key:${String(number).padStart(12, '0')}`;
}

/** A command as clients send it; texts of one byte a character. */
export function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map(bulk).join('')}`;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
