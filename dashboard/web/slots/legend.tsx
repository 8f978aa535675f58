import type { Signal } from '@preact/signals';
import { whole } from '../format.js';
import { groups, totals } from '../live/state.js';
import { Swatch } from '../parts/group-mark.js';

/** The groups with their colours; a click shows where a group's slots are. */
export function Legend({ highlighted }: { readonly highlighted: Signal<number | null> }) {
  const unassigned = totals.value?.slots_offline ?? 0;
  return (
    <div class="legend">
      {groups.value.map(({ id, slots }) => (
        <button
          key={id}
          type="button"
          class="legend-entry"
          aria-pressed={highlighted.value === id}
          onClick={() => {
            highlighted.value = highlighted.value === id ? null : id;
          }}
        >
          <Swatch group={id} />
          Group {id}
          <span class="faint">{whole(slots)}</span>
        </button>
      ))}
      {unassigned > 0 && (
        <span class="legend-entry">
          <Swatch group={-1} />
          Offline <span class="faint">{whole(unassigned)}</span>
        </span>
      )}
    </div>
  );
}
