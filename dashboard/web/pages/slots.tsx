import { useSignal } from '@preact/signals';
import { openRebalance } from '../changes/job-changes.js';
import { openInitSlots } from '../changes/slot-changes.js';
import { ago } from '../format.js';
import { slotRuns, totals } from '../live/state.js';
import { Badge } from '../parts/badge.js';
import { Icon } from '../parts/icon.js';
import { ErrorMessage } from '../parts/message.js';
import { now } from '../parts/now.js';
import { Segments } from '../parts/segments.js';
import { HeatScale } from '../slots/heat-scale.js';
import { Legend } from '../slots/legend.js';
import { RunsTable } from '../slots/runs-table.js';
import { SelectionBar } from '../slots/selection-bar.js';
import { countedAt, countingError, countingGroup, countSlots } from '../slots/slot-counts.js';
import { type MapView, SlotMap } from '../slots/slot-map.js';

const VIEWS: readonly { readonly value: MapView; readonly label: string }[] = [
  { value: 'groups', label: 'Groups' },
  { value: 'keys', label: 'Keys' },
  { value: 'bytes', label: 'Size' },
];

/** The 1,024 slots, whose they are, and what may be done with them. */
export function SlotsPage() {
  const view = useSignal<MapView>('groups');
  const highlighted = useSignal<number | null>(null);
  const moving = totals.value?.slots_moving ?? 0;
  if (slotRuns.value.length === 0) return <NoSlots />;
  return (
    <>
      <div class="page-head">
        <h1>Slots</h1>
        {moving > 0 && (
          <Badge tone="info" dot="pulse">
            {moving} moving
          </Badge>
        )}
        <div class="row actions">
          <button type="button" class="button" onClick={openRebalance}>
            Rebalance…
          </button>
        </div>
      </div>
      <section class="card" aria-label="Map of the slots">
        <div class="card-head">
          {view.value === 'groups' ? <h2>By group</h2> : <HeatScale of={view.value} />}
          <div class="row spread">
            <CountButton />
            <Segments
              label="Colour by"
              options={VIEWS}
              value={view.value}
              onChoose={(chosen) => {
                view.value = chosen;
                if (chosen !== 'groups' && countedAt.peek() === null) void countSlots();
              }}
            />
          </div>
        </div>
        <div class="card-body">
          {countingError.value !== null && <ErrorMessage error={countingError.value} />}
          <SlotMap
            view={view.value}
            highlighted={view.value === 'groups' ? highlighted.value : null}
          />
          {view.value === 'groups' && <Legend highlighted={highlighted} />}
        </div>
        <SelectionBar />
      </section>
      <RunsTable />
    </>
  );
}

function CountButton() {
  const group = countingGroup.value;
  const at = countedAt.value;
  return (
    <>
      {at !== null && group === null && (
        <span class="faint small">counted {ago(at, now.value)} ago</span>
      )}
      <button
        type="button"
        class="button quiet"
        disabled={group !== null}
        title="Reads through the keys of every group, one server after the other"
        onClick={() => void countSlots()}
      >
        <Icon name="refresh" />
        {group === null ? 'Count keys' : `Counting group ${group}…`}
      </button>
    </>
  );
}

function NoSlots() {
  return (
    <>
      <div class="page-head">
        <h1>Slots</h1>
      </div>
      <div class="card empty">
        <h2>There are no slots yet</h2>
        <p>A key lives in one of 1,024 slots, and a slot belongs to a group of servers.</p>
        <br />
        <button type="button" class="button primary" onClick={openInitSlots}>
          Create the slots…
        </button>
      </div>
    </>
  );
}
