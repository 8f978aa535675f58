import { useSignal, useSignalEffect } from '@preact/signals';
import { named, openAssignSlots, openMoveSlots } from '../changes/slot-changes.js';
import { bytes, count, whole } from '../format.js';
import { Icon } from '../parts/icon.js';
import { cells, SLOT_COUNT, wordsFor } from './cells.js';
import { clearSelection, select, selection } from './selection.js';
import { slotCounts } from './slot-counts.js';
import { SlotInfo } from './slot-info.js';

/** What is selected, and what may be done with it. */
export function SelectionBar() {
  const range = selection.value;
  return (
    <div class="selection-bar" data-empty={range === null ? '' : undefined}>
      <RangeInputs />
      {range === null ? (
        <span class="faint">Drag over the map, or type a range, to select slots.</span>
      ) : (
        <>
          <Summary first={range.first} last={range.last} />
          {range.first === range.last && <SlotInfo />}
          <div class="row spread">
            <button
              type="button"
              class="button primary"
              onClick={() => openMoveSlots(range)}
              title="Move the keys of these slots to another group, while clients work"
            >
              Move {named(range)}…
            </button>
            <button
              type="button"
              class="button"
              onClick={() => openAssignSlots(range)}
              title="Give these slots to a group without moving keys"
            >
              Assign…
            </button>
            <button
              type="button"
              class="button quiet square"
              aria-label="Clear the selection"
              onClick={clearSelection}
            >
              <Icon name="close" />
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function Summary({ first, last }: { readonly first: number; readonly last: number }) {
  const states = new Map<string, number>();
  let keys = 0;
  let size = 0;
  let isCounted = false;
  for (let slotId = first; slotId <= last; slotId++) {
    const words = wordsFor(cells.value[slotId]!);
    states.set(words, (states.get(words) ?? 0) + 1);
    const counted = slotCounts.value.get(slotId);
    if (!counted) continue;
    isCounted = true;
    keys += counted.keys;
    size += counted.bytes;
  }
  const shown = [...states].sort((one, other) => other[1] - one[1]);
  return (
    <span aria-live="polite">
      <strong>{count(last - first + 1, 'slot')}</strong>{' '}
      <span class="soft">
        {shown
          .slice(0, 3)
          .map(([words, number]) => (states.size === 1 ? words : `${number} ${words}`))
          .join(', ')}
        {shown.length > 3 && ` and ${shown.length - 3} more`}
        {isCounted && ` · ${whole(keys)} keys, ${bytes(size)}`}
      </span>
    </span>
  );
}

function RangeInputs() {
  const first = useSignal('');
  const last = useSignal('');
  useSignalEffect(() => {
    const range = selection.value;
    first.value = range ? String(range.first) : '';
    last.value = range ? String(range.last) : '';
  });
  const apply = () => {
    const from = slotOf(first.value);
    const to = slotOf(last.value);
    if (from !== null && to !== null) select(from, to);
  };
  const input = (label: string, value: typeof first) => (
    <input
      class="input"
      aria-label={label}
      inputMode="numeric"
      autocomplete="off"
      placeholder={label === 'First slot' ? '0' : '1023'}
      value={value.value}
      onInput={(event) => {
        value.value = event.currentTarget.value;
      }}
      onChange={apply}
    />
  );
  return (
    <form
      class="range-inputs"
      onSubmit={(event) => {
        event.preventDefault();
        if (last.value.trim() === '') last.value = first.value;
        apply();
      }}
    >
      {input('First slot', first)}
      <span class="faint">–</span>
      {input('Last slot', last)}
      <button type="submit" class="unseen" tabIndex={-1}>
        Select
      </button>
    </form>
  );
}

function slotOf(text: string): number | null {
  const number = Number(text);
  return /^\s*\d{1,4}\s*$/.test(text) && number < SLOT_COUNT ? number : null;
}
