import uPlot from 'uplot';
import { clock } from '../format.js';

/** Two labels of the time axis have room side by side. */
const TIME_GAP_PX = 56;
const VALUE_GAP_PX = 34;
const VALUE_AXIS_PX = 58;
/** The eight lines after the first eight have the same colours, and gaps. */
const DASHES = [[], [6, 4], [2, 3], [9, 3, 2, 3]];
const HUES = 8;
const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** From and to on the canvas. */
type Gaps = [number, number][];

export interface PlotOptions {
  readonly host: HTMLElement;
  readonly lines: number;
  readonly formatAxis: (value: number | null) => string;
  /** Steps of the axis are powers of two. */
  readonly isBinary: boolean;
  readonly height: number;
  readonly top: number | undefined;
  /** A line goes on over so many seconds without a value. */
  readonly bridgedSeconds: () => number;
  /** Row that the pointer is at; null: it has left. */
  readonly onPoint: (row: number | null) => void;
}

/** A chart in the colours of the theme as it is now. */
export function createPlot(options: PlotOptions): uPlot {
  const { host, lines, formatAxis, isBinary, height, top, bridgedSeconds, onPoint } = options;
  const faint = resolved('--text-faint');
  const grid = { stroke: resolved('--line'), width: 1 };
  const axis = { stroke: faint, grid, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  return new uPlot(
    {
      width: Math.max(host.clientWidth, 1),
      height,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'overview' },
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      scales: { y: { range: (_, __, max) => [0, top ?? (max > 0 ? max * 1.12 : 1)] } },
      axes: [
        {
          ...axis,
          space: TIME_GAP_PX,
          size: 26,
          values: (_, splits) => splits.map((time) => clock(time * 1000).slice(-8, -3)),
        },
        {
          ...axis,
          space: VALUE_GAP_PX,
          size: VALUE_AXIS_PX,
          values: (_, splits) => splits.map((value) => formatAxis(value)),
          ...(isBinary ? { incrs: POWERS_OF_TWO } : {}),
        },
      ],
      series: [
        {},
        ...Array.from({ length: lines }, (_, line) => {
          const stroke = resolved(lineColor(line));
          const isAlone = lines === 1;
          return {
            stroke,
            width: 1.6,
            dash: lineDash(line),
            points: { show: false },
            gaps: (plot: uPlot, _line: number, _first: number, _last: number, gaps: Gaps) =>
              gaps.filter(([from, to]) => {
                const seconds = plot.posToVal(to, 'x', true) - plot.posToVal(from, 'x', true);
                return seconds > bridgedSeconds();
              }),
            ...(isAlone ? { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` } : {}),
          };
        }),
      ],
      hooks: {
        setCursor: [(plot) => onPoint(plot.cursor.left! < 0 ? null : (plot.cursor.idx ?? null))],
      },
    },
    [[], ...Array.from({ length: lines }, () => [])],
    host,
  );
}

/** The variable with the colour of a line. */
export function lineColor(line: number): string {
  return `--hue-${line % HUES}`;
}

function lineDash(line: number): number[] {
  return DASHES[Math.floor(line / HUES) % DASHES.length]!;
}

/** A canvas knows nothing of variables, nor of pairs for light and dark. */
function resolved(variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
