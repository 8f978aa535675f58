import { bytes, whole } from '../format.js';
import { slotCounts } from './slot-counts.js';

const STEPS = [0, 1, 2, 3, 4, 5, 6];

/** What the shades of the map mean while it shows how full the slots are. */
export function HeatScale({ of }: { readonly of: 'keys' | 'bytes' }) {
  const most = Math.max(0, ...[...slotCounts.value.values()].map((counted) => counted[of]));
  return (
    <div class="heat-scale">
      <span class="faint">none</span>
      {STEPS.map((step) => (
        <span key={step} class="swatch" data-heat={step} />
      ))}
      <span class="faint">{of === 'keys' ? `${whole(most)} keys` : bytes(most)}</span>
    </div>
  );
}
