import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { proxies } from '../live/state.js';
import { ErrorMessage } from '../parts/message.js';
import { Segments } from '../parts/segments.js';
import { Chart, type Line } from './chart.js';
import {
  type ChartSpec,
  PROXY_CHARTS,
  TOTAL_CHARTS,
  WINDOWS,
  type WindowName,
} from './chart-specs.js';
import { HistoryFeed, type HistoryTable, keyOf, NO_HISTORY } from './history-feed.js';

type Scope = 'total' | 'proxies';

const SCOPES: readonly { readonly value: Scope; readonly label: string }[] = [
  { value: 'total', label: 'Total' },
  { value: 'proxies', label: 'By proxy' },
];

/** What the cluster does now and did before. */
export function ClusterCharts() {
  const windowName = useSignal<WindowName>('5m');
  const scope = useSignal<Scope>('total');
  const feed = useSignal<HistoryFeed | null>(null);
  // A text, so that the feed is made anew when other proxies are there, not when they have moved on.
  const proxyIds = useComputed(() => proxies.value.map(({ id }) => id).join('\n'));
  const chosen = WINDOWS.find(({ value }) => value === windowName.value)!;
  const range = useComputed(() => WINDOWS.find(({ value }) => value === windowName.value)!.range);

  useSignalEffect(() => {
    const ids = proxyIds.value.split('\n').filter((id) => id !== '');
    const of = scope.value === 'total' ? ['total'] : ids.map((id) => `proxy:${id}`);
    const made = new HistoryFeed(of, range.value);
    feed.value = made;
    return () => made.close();
  });

  const table = feed.value?.table.value ?? NO_HISTORY;
  const error = feed.value?.error.value ?? null;
  const isTotal = scope.value === 'total';
  const specs = isTotal ? TOTAL_CHARTS : PROXY_CHARTS;
  const ids = proxyIds.value.split('\n').filter((id) => id !== '');
  return (
    <section class="stack" aria-label="Charts">
      <div class="row">
        <Segments
          label="Lines of the charts"
          options={SCOPES}
          value={scope.value}
          onChoose={(value) => {
            scope.value = value;
          }}
        />
        <span class="spread" />
        <Segments
          label="How far back"
          options={WINDOWS}
          value={windowName.value}
          onChoose={(value) => {
            windowName.value = value;
          }}
        />
      </div>
      {error !== null && <ErrorMessage error={error} />}
      <div class="charts">
        {specs.map((spec) => (
          <Chart
            key={spec.title}
            spec={spec}
            times={table.times}
            lines={isTotal ? totalLines(table, spec) : proxyLines(table, spec, ids)}
            seconds={chosen.seconds}
          />
        ))}
      </div>
    </section>
  );
}

function totalLines(table: HistoryTable, spec: ChartSpec): Line[] {
  return spec.columns.map(({ column, label }) => ({
    label,
    values: table.columns.get(keyOf('total', column)) ?? [],
  }));
}

function proxyLines(table: HistoryTable, spec: ChartSpec, ids: readonly string[]): Line[] {
  const { column } = spec.columns[0]!;
  return ids.map((id) => ({
    label: id,
    values: table.columns.get(keyOf(`proxy:${id}`, column)) ?? [],
  }));
}
