import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { clock, UNKNOWN } from '../format.js';
import { themeChanges } from '../theme.js';
import type { ChartSpec } from './chart-specs.js';
import { createPlot, lineColor } from './plot.js';

const HEIGHT_PX = 148;
/** On a phone one scrolls past all of them. */
const LOW_HEIGHT_PX = 112;
const NARROW = matchMedia('(max-width: 720px)');
/** A collector that is late once is not an outage: seconds, and a part of what is shown. */
const BRIDGED_SECONDS = 10;
const BRIDGED_PART = 1 / 100;
/** More lines than this are not named one by one. */
const MOST_NAMED_LINES = 8;

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** Lines over time, with what they are now, or were where the pointer is. */
export function Chart(props: {
  readonly spec: ChartSpec;
  /** Seconds, as long as the values of every line. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** How far back, in seconds. */
  readonly seconds: number;
}) {
  const { spec, times, lines, seconds } = props;
  const { title, format } = spec;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const span = useRef(seconds);
  span.current = seconds;
  const row = useSignal<number | null>(null);
  const theme = themeChanges.value;

  useEffect(() => {
    const element = host.current!;
    const made = createPlot({
      host: element,
      lines: lines.length,
      formatAxis: spec.formatAxis,
      isBinary: spec.isBinary === true,
      height: heightNow(),
      top: spec.top,
      bridgedSeconds: () => Math.max(BRIDGED_SECONDS, span.current * BRIDGED_PART),
      onPoint: (at) => {
        row.value = at;
      },
    });
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: Math.max(element.clientWidth, 1), height: heightNow() });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, lines.length, spec]);

  useEffect(() => {
    const end = times.at(-1) ?? Date.now() / 1000;
    const first = firstAfter(times, end - seconds);
    const data = [times.slice(first), ...lines.map(({ values }) => values.slice(first))];
    plot.current?.batch(() => {
      plot.current?.setData(data as uPlot.AlignedData, false);
      plot.current?.setScale('x', { min: end - seconds, max: end });
    });
  }, [times, lines, seconds, theme, lines.length]);

  const at =
    row.value === null ? null : firstAfter(times, (times.at(-1) ?? 0) - seconds) + row.value;
  const shownOf = (line: Line) =>
    format((at === null ? line.values.at(-1) : line.values[at]) ?? null);
  const said = lines.slice(0, MOST_NAMED_LINES).map((line) => `${line.label} ${shownOf(line)}`);

  return (
    <section class={spec.isWide ? 'card chart wide' : 'card chart'} aria-label={title}>
      <div class="chart-head">
        <h2>{title}</h2>
        <span class="faint small">{at !== null && times[at] ? clock(times[at] * 1000) : ''}</span>
      </div>
      <Values lines={lines} shownOf={shownOf} />
      <div ref={host} class="plot" role="img" aria-label={`${title}: ${said.join(', ')}`} />
    </section>
  );
}

function heightNow(): number {
  return NARROW.matches ? LOW_HEIGHT_PX : HEIGHT_PX;
}

function Values(props: {
  readonly lines: readonly Line[];
  readonly shownOf: (line: Line) => string;
}) {
  const { lines, shownOf } = props;
  if (lines.length === 0) return <p class="chart-value">{UNKNOWN}</p>;
  if (lines.length === 1 && lines[0]!.label === '') {
    return <p class="chart-value">{shownOf(lines[0]!)}</p>;
  }
  const rest = lines.length - MOST_NAMED_LINES;
  return (
    <ul class="chart-values">
      {lines.slice(0, MOST_NAMED_LINES).map((line, index) => (
        <li key={line.label}>
          <span class="key" style={{ '--key': `var(${lineColor(index)})` }} />
          <span class="faint">{line.label}</span> {shownOf(line)}
        </li>
      ))}
      {rest > 0 && <li class="faint">and {rest} more</li>}
    </ul>
  );
}

/** Index of the first time that is not before another. */
function firstAfter(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
