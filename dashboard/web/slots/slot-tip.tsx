import { bytes, count } from '../format.js';
import { Swatch } from '../parts/group-mark.js';
import { cells, wordsFor } from './cells.js';
import { isCounted, slotCounts } from './slot-counts.js';

/** Room that it takes, for not to reach beyond the map. */
const WIDTH_PX = 210;

/** The slot, and where it is in the map. */
export interface TipPlace {
  readonly slotId: number;
  readonly left: number;
  readonly top: number;
  /** Of the map. */
  readonly width: number;
}

/** What is known of the slot that the pointer or the keyboard is at. */
export function SlotTip({ place }: { readonly place: TipPlace }) {
  const { slotId, top, width } = place;
  const left = Math.min(Math.max(place.left, WIDTH_PX / 2), width - WIDTH_PX / 2);
  const cell = cells.value[slotId]!;
  return (
    <div class="slot-tip" style={{ left: `${left}px`, top: `${top}px` }} aria-hidden="true">
      <strong>Slot {slotId}</strong>
      <span class="row">
        <Swatch group={cell.group} />
        {wordsFor(cell)}
      </span>
      <span class="faint">{contentsOf(slotId, cell.group)}</span>
    </div>
  );
}

function contentsOf(slotId: number, group: number): string {
  const counted = slotCounts.value.get(slotId);
  if (counted) {
    const about = counted.isExact ? '' : '≈ ';
    return `${about}${count(counted.keys, 'key')}, ${bytes(counted.bytes)}`;
  }
  if (group < 1) return 'no keys';
  return isCounted(group) ? 'no keys' : 'keys not counted yet';
}
