import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { HaStatusReply } from '../../api/contract-ha.js';
import { calls } from '../api/calls.js';
import { FailoverEvents } from '../failover/failover-events.js';
import { GroupTable } from '../failover/group-table.js';
import { duration, UNKNOWN } from '../format.js';
import { Badge } from '../parts/badge.js';
import { ErrorMessage, Message } from '../parts/message.js';

/** How often the page asks anew while it is looked at: the dashboard answers from what it knows. */
const REFRESH_MS = 1000;

const MODES = {
  on: { tone: 'good', means: 'A master that is down is replaced by its best replica.' },
  observe: { tone: 'warn', means: 'What would be done is written down; nothing is done.' },
  off: { tone: 'plain', means: 'Nobody watches: a master that is down stays the master.' },
} as const;

/** Whether masters are replaced when they fail, by whom, and what has been done. */
export function FailoverPage() {
  const status = useSignal<HaStatusReply | null>(null);
  const failure = useSignal<unknown>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    const load = async () => {
      try {
        status.value = await calls.haStatus();
        failure.value = null;
      } catch (error) {
        failure.value = error;
      }
      if (!isLeft) timer = setTimeout(load, REFRESH_MS);
    };
    void load();
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, []);

  return (
    <>
      <div class="page-head">
        <h1>Failover</h1>
      </div>
      {failure.value !== null && <ErrorMessage error={failure.value} />}
      {status.value === null ? (
        <p class="faint" role="status">
          Asking the dashboard…
        </p>
      ) : (
        <>
          <Settings status={status.value} />
          {status.value.mode !== 'off' && <GroupTable groups={status.value.groups} />}
          <FailoverEvents events={status.value.events} />
        </>
      )}
    </>
  );
}

function Settings({ status }: { readonly status: HaStatusReply }) {
  const { tone, means } = MODES[status.mode];
  const silent = status.observers.filter(({ error }) => error !== '');
  return (
    <section class="card" aria-label="How masters are watched">
      <div class="card-head">
        <h2>How masters are watched</h2>
        <Badge tone={tone}>ha = {status.mode}</Badge>
        <span class="soft small">{means}</span>
      </div>
      <div class="card-body stack">
        <dl class="facts">
          <div>
            <dt>Counts as down after</dt>
            <dd>{status.down_after_ms / 1000} s</dd>
          </div>
          <div>
            <dt>A group fails over at most every</dt>
            <dd>{duration(status.min_interval_ms / 1000)}</dd>
          </div>
          <div>
            <dt>Replicas a write needs</dt>
            <dd>{status.min_replicas_to_write || UNKNOWN}</dd>
          </div>
          <div>
            <dt>Observers</dt>
            <dd>{status.observers.map(({ id }) => id).join(', ')}</dd>
          </div>
        </dl>
        {silent.length > 0 && (
          <Message tone="warn">
            {silent.map(({ id, error }) => (
              <p key={id}>
                {id} does not report: {error}
              </p>
            ))}
          </Message>
        )}
      </div>
    </section>
  );
}
