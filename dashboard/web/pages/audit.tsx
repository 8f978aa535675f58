import { useSignal, useSignalEffect } from '@preact/signals';
import type { AuditEntry } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { changesMade } from '../changes/open-change.js';
import { capital, clock, UNKNOWN } from '../format.js';
import { connection } from '../live/connection.js';
import { Badge } from '../parts/badge.js';
import { Icon } from '../parts/icon.js';
import { ErrorMessage } from '../parts/message.js';
import { ScrollTable } from '../parts/scroll-table.js';

const PAGE_SIZE = 50;
const TONES = { done: 'good', refused: 'warn', failed: 'bad' } as const;

/** Who has changed what, and when; newest first. */
export function AuditPage() {
  const entries = useSignal<readonly AuditEntry[] | null>(null);
  const hasMore = useSignal(false);
  const failure = useSignal<unknown>(null);

  const load = async (before: string | null) => {
    try {
      const reply = await calls.audit(PAGE_SIZE, before);
      const kept = before === null ? [] : (entries.peek() ?? []);
      entries.value = [...kept, ...reply.entries];
      hasMore.value = reply.has_more;
      failure.value = null;
    } catch (error) {
      failure.value = error;
    }
  };
  useSignalEffect(() => {
    // Read so that it is loaded again after a change of ours, or a gap.
    if (changesMade.value >= 0 && connection.value.name === 'open') void load(null);
  });

  const shown = entries.value;
  return (
    <>
      <div class="page-head">
        <h1>Audit log</h1>
        <div class="row actions">
          <button type="button" class="button" onClick={() => void load(null)}>
            <Icon name="refresh" />
            Refresh
          </button>
        </div>
      </div>
      {failure.value !== null && <ErrorMessage error={failure.value} />}
      {shown !== null && shown.length === 0 && (
        <div class="card empty">
          <h2>Nothing has been changed yet</h2>
          <p>Every change is noted here: who made it, from where, before and after.</p>
        </div>
      )}
      {shown !== null && shown.length > 0 && (
        <section class="card">
          <ScrollTable
            label="Changes"
            head={
              <>
                <th>Time</th>
                <th>Who</th>
                <th>What</th>
                <th>Outcome</th>
                <th>Before and after</th>
              </>
            }
          >
            {shown.map((entry) => (
              <Row key={entry.id} entry={entry} />
            ))}
          </ScrollTable>
          {hasMore.value && (
            <button
              type="button"
              class="button quiet more-rows"
              onClick={() => void load(shown.at(-1)?.id ?? null)}
            >
              Older ones
            </button>
          )}
        </section>
      )}
    </>
  );
}

function Row({ entry }: { readonly entry: AuditEntry }) {
  return (
    <tr>
      <td class="nowrap">{clock(entry.at)}</td>
      <td class="nowrap" title={`from ${entry.from}`}>
        {entry.who === '-' ? <span class="faint">anybody</span> : entry.who}
        {entry.who !== '-' && entry.role !== null && <span class="faint"> {entry.role}</span>}
        <span class="faint small block">{entry.from}</span>
      </td>
      <td>
        {capital(entry.what)}
        {entry.error !== '' && <p class="small bad">{entry.error}</p>}
      </td>
      <td>
        <Badge tone={TONES[entry.outcome]}>{entry.outcome}</Badge>
      </td>
      <td>
        <Difference before={entry.before} after={entry.after} />
      </td>
    </tr>
  );
}

function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  if (before === '' && after === '') return <span class="faint">{UNKNOWN}</span>;
  if (before === after) return <span class="faint">unchanged</span>;
  return (
    <details>
      <summary>Show</summary>
      <div class="difference">
        <div>
          <span class="faint small">Before</span>
          <pre>{before || UNKNOWN}</pre>
        </div>
        <div>
          <span class="faint small">After</span>
          <pre>{after || UNKNOWN}</pre>
        </div>
      </div>
    </details>
  );
}
