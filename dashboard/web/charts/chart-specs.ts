import type { HistoryReply } from '../../api/web-contract.js';
import { byteRate, bytes, latency, share, short } from '../format.js';

/** How far back the charts go. */
export const WINDOWS = [
  { value: '5m', label: '5 min', seconds: 300, range: 'hour' },
  { value: '1h', label: '1 h', seconds: 3_600, range: 'hour' },
  { value: '6h', label: '6 h', seconds: 21_600, range: 'day' },
  { value: '24h', label: '24 h', seconds: 86_400, range: 'day' },
] as const satisfies readonly {
  value: string;
  label: string;
  seconds: number;
  range: HistoryReply['range'];
}[];
export type WindowName = (typeof WINDOWS)[number]['value'];

export interface ChartSpec {
  readonly title: string;
  readonly format: (value: number | null) => string;
  /** Of the axis, which needs no unit that the title implies. */
  readonly formatAxis: (value: number | null) => string;
  /** Steps of the axis are powers of two, as bytes are counted. */
  readonly isBinary?: true;
  /** Takes half of the line. */
  readonly isWide?: true;
  /** Columns of the history, with what they are called in the chart. */
  readonly columns: readonly { readonly column: string; readonly label: string }[];
  /** The scale ends here, if not at the largest value. */
  readonly top?: number;
}

/** A rate below a hundred is not whole. */
const perSecond = (value: number | null) => `${short(value === null ? null : rounded(value))}/s`;

const one = (column: string) => [{ column, label: '' }];

const OPS: ChartSpec = {
  title: 'Operations',
  format: perSecond,
  formatAxis: short,
  isWide: true,
  columns: one('ops'),
};
const ERRORS: ChartSpec = {
  title: 'Errors',
  format: perSecond,
  formatAxis: short,
  columns: one('errors'),
};
const CLIENTS: ChartSpec = {
  title: 'Clients',
  format: short,
  formatAxis: short,
  columns: one('clients'),
};
const LATENCY = { format: latency, formatAxis: latency, isWide: true } as const;
const NETWORK = { format: byteRate, formatAxis: bytes, isBinary: true } as const;

/** Of the whole cluster. */
export const TOTAL_CHARTS: readonly ChartSpec[] = [
  OPS,
  {
    ...LATENCY,
    title: 'Latency',
    columns: [
      { column: 'p50', label: 'p50' },
      { column: 'p99', label: 'p99' },
      { column: 'p999', label: 'p99.9' },
    ],
  },
  ERRORS,
  {
    ...NETWORK,
    title: 'Network',
    columns: [
      { column: 'net_in', label: 'in' },
      { column: 'net_out', label: 'out' },
    ],
  },
  CLIENTS,
  { title: 'Keys', format: short, formatAxis: short, columns: one('keys') },
  { title: 'Memory', format: bytes, formatAxis: bytes, isBinary: true, columns: one('memory') },
  { title: 'Hit rate', format: share, formatAxis: share, columns: one('hit_rate'), top: 1 },
];

/** With a line for each proxy: one column each. */
export const PROXY_CHARTS: readonly ChartSpec[] = [
  OPS,
  { ...LATENCY, title: 'Latency p99', columns: one('p99') },
  { ...ERRORS, isWide: true },
  { ...CLIENTS, isWide: true },
  { ...NETWORK, isWide: true, title: 'Network in', columns: one('net_in') },
  { ...NETWORK, isWide: true, title: 'Network out', columns: one('net_out') },
];

function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
