/** One step of the hot path, to be timed by itself. */
export interface MicroCase {
  readonly name: string;
  /**
   * Does the step `times` times (a little more is no harm) in a loop of its own.
   *
   * @returns a number that depends on every step, so that no compiler leaves one out.
   */
  run(times: number): number;
}

export interface MicroResult {
  readonly name: string;
  /** The median of the samples; nanoseconds for one step, loop included. */
  readonly nsPerOp: number;
  /** The fastest sample: the figure that other work on the machine disturbs least. */
  readonly bestNsPerOp: number;
}

const SAMPLES = 9;
/** Long enough for the optimizing compiler to be done when the first sample is taken. */
const WARM_UP_MS = 200;
const MIN_TIMES = 64;

let sink = 0;

/** @param sampleMs how long one of the nine samples is meant to take */
export function measureCase(microCase: MicroCase, sampleMs: number): MicroResult {
  let times = MIN_TIMES;
  let warm = timeRun(microCase, times);
  for (let spent = warm; spent < WARM_UP_MS; spent += warm) {
    if (warm < sampleMs) times *= 2;
    warm = timeRun(microCase, times);
  }
  times = Math.max(MIN_TIMES, Math.round((times * sampleMs) / warm));
  const samples = Array.from({ length: SAMPLES }, () => (timeRun(microCase, times) * 1e6) / times);
  samples.sort((one, other) => one - other);
  return {
    name: microCase.name,
    nsPerOp: samples[SAMPLES >> 1]!,
    bestNsPerOp: samples[0]!,
  };
}

/** @returns milliseconds, never 0 */
function timeRun(microCase: MicroCase, times: number): number {
  const start = process.hrtime.bigint();
  sink += microCase.run(times);
  const end = process.hrtime.bigint();
  if (!Number.isFinite(sink)) throw new Error(`${microCase.name} gave no number`);
  return Math.max(1e-6, Number(end - start) / 1e6);
}
