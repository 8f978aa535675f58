import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SlowlogReply, SurveyReply } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { ago, bytes, clock, count, latency, whole } from '../format.js';
import { groups } from '../live/state.js';
import { Swatch } from '../parts/group-mark.js';
import { Icon } from '../parts/icon.js';
import { ErrorMessage, Message } from '../parts/message.js';
import { now } from '../parts/now.js';
import { ScrollTable } from '../parts/scroll-table.js';

const SLOW_COMMANDS = 100;
/** Whoever asks for the largest keys wants those of now. */
const SURVEY_AGE_SECONDS = 10;

/** What takes long, and what is large. */
export function KeysPage() {
  return (
    <>
      <div class="page-head">
        <h1>Slow log &amp; keys</h1>
      </div>
      <SlowLog />
      <LargestKeys />
    </>
  );
}

function SlowLog() {
  const reply = useSignal<SlowlogReply | null>(null);
  const failure = useSignal<unknown>(null);
  const load = async () => {
    try {
      reply.value = await calls.slowlog(SLOW_COMMANDS);
      failure.value = null;
    } catch (error) {
      failure.value = error;
    }
  };
  useEffect(() => void load(), []);
  const { entries, silent } = reply.value ?? { entries: [], silent: [] };
  return (
    <section class="card" aria-label="Slow log">
      <div class="card-head">
        <h2>Slow log</h2>
        <span class="faint small">the newest of all servers</span>
        <button type="button" class="button small spread" onClick={() => void load()}>
          <Icon name="refresh" />
          Refresh
        </button>
      </div>
      <Notes failure={failure.value} silent={silent} />
      {entries.length === 0 ? (
        <p class="empty">
          {reply.value === null
            ? 'Asking the servers…'
            : 'No command has taken longer than the servers’ slowlog-log-slower-than.'}
        </p>
      ) : (
        <ScrollTable
          isCapped
          label="Slow commands"
          head={
            <>
              <th>Time</th>
              <th class="number">Took</th>
              <th>Command</th>
              <th>Server</th>
              <th>Client</th>
            </>
          }
        >
          {entries.map((entry) => (
            <tr key={`${entry.server}/${entry.id}`}>
              <td class="nowrap">{clock(entry.at)}</td>
              <td class="number">{latency(entry.microseconds)}</td>
              <td>
                <code class="clip" title={entry.command}>
                  {entry.command}
                </code>
              </td>
              <td class="nowrap">
                <span class="row">
                  <Swatch group={entry.group} />
                  <span class="mono">{entry.server}</span>
                </span>
              </td>
              <td class="nowrap mono faint">{entry.client}</td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </section>
  );
}

function Notes(props: { readonly failure: unknown; readonly silent: readonly string[] }) {
  const { failure, silent } = props;
  if (failure === null && silent.length === 0) return null;
  return (
    <div class="card-body">
      {failure !== null && <ErrorMessage error={failure} />}
      {silent.length > 0 && <Message tone="warn">No answer from {silent.join(', ')}.</Message>}
    </div>
  );
}

function LargestKeys() {
  const survey = useSignal<SurveyReply | null>(null);
  const failure = useSignal<unknown>(null);
  const running = useSignal<number | null>(null);
  const look = async (group: number) => {
    running.value = group;
    failure.value = null;
    try {
      survey.value = await calls.survey(group, SURVEY_AGE_SECONDS);
    } catch (error) {
      failure.value = error;
    } finally {
      running.value = null;
    }
  };
  const found = survey.value;
  return (
    <section class="card" aria-label="Largest keys">
      <div class="card-head">
        <h2>Largest keys</h2>
        <span class="faint small">reads through the keys of a group’s master</span>
      </div>
      <div class="card-body row">
        {groups.value.map(({ id }) => (
          <button
            key={id}
            type="button"
            class="button small"
            disabled={running.value !== null}
            aria-pressed={found?.group === id}
            onClick={() => void look(id)}
          >
            <Swatch group={id} />
            {running.value === id ? 'Reading…' : `Group ${id}`}
          </button>
        ))}
      </div>
      {failure.value !== null && (
        <div class="card-body">
          <ErrorMessage error={failure.value} />
        </div>
      )}
      {found && <Found survey={found} />}
    </section>
  );
}

function Found({ survey }: { readonly survey: SurveyReply }) {
  const about = survey.is_exact ? '' : '≈ ';
  return (
    <>
      <p class="card-body soft small">
        Group {survey.group} at {survey.server}: {about}
        {count(survey.keys, 'key')}, {about}
        {bytes(survey.bytes)}, counted {ago(survey.at, now.value)} ago
        {survey.is_exact ? '' : '; it has more keys than could be read in time'}
      </p>
      {survey.largest.length > 0 && (
        <ScrollTable
          label="Largest keys"
          head={
            <>
              <th>Key</th>
              <th class="number">Size</th>
              <th class="number">Slot</th>
              <th class="number">Database</th>
              <th class="number">Moving it at once stalls both servers for</th>
            </>
          }
        >
          {survey.largest.map((key) => (
            <tr key={`${key.database}/${key.key}`}>
              <td>
                <code>{key.key}</code>
              </td>
              <td class="number">{bytes(key.bytes)}</td>
              <td class="number">{key.slot_id}</td>
              <td class="number">{key.database}</td>
              <td class="number">{whole(Math.round(key.stall_ms))} ms</td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </>
  );
}
