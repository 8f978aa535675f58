import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { ChangeRequest } from '../../api/web-contract.js';
import { ChoiceField, TextField } from '../parts/field.js';

type Options = NonNullable<Extract<ChangeRequest, { change: 'rebalance' }>['options']>;
type LargeKeys = NonNullable<Options['large_keys']>;

const POLICIES: readonly { value: LargeKeys; label: string; means: string }[] = [
  {
    value: 'chunk',
    label: 'Copy large keys in pieces',
    means: 'Commands that write to such a key wait while it is copied; all others go on.',
  },
  {
    value: 'hold',
    label: 'Leave slots with large keys where they are',
    means: 'The move stops at them and says so.',
  },
  {
    value: 'block',
    label: 'Move large keys as they are',
    means: 'Both servers stand still for as long as that takes.',
  },
];

/** How keys are moved: what the operator has chosen, and the fields to choose with. */
export function chooseMoveOptions() {
  const largeKeys = signal<LargeKeys>('chunk');
  const limit = signal('');
  /** As text: what is wrong with it. */
  const options: ReadonlySignal<Options | string> = computed(() => {
    const text = limit.value.trim();
    if (!/^\d*$/.test(text)) return 'The limit is a number of keys a second, or nothing.';
    return { large_keys: largeKeys.value, max_keys_per_second: Number(text) };
  });
  const Fields = () => (
    <details class="more">
      <summary>How keys are moved</summary>
      <div class="stack">
        <TextField
          label="At most so many keys a second"
          value={limit}
          mode="numeric"
          placeholder="no limit"
        />
        <ChoiceField label="Large keys" value={largeKeys} options={POLICIES} />
      </div>
    </details>
  );
  return { options, Fields };
}
