import { computed, type Signal, signal } from '@preact/signals';
import type { ChangeRequest } from '../../api/web-contract.js';
import { count, span } from '../format.js';
import { groups } from '../live/state.js';
import { CheckField, SelectField, TextField } from '../parts/field.js';
import { chooseMoveOptions } from './move-options.js';
import { openChange, openFixedChange } from './open-change.js';

const LAST_SLOT = 1023;

export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Moves the keys of slots to another group, while clients work. */
export function openMoveSlots(range: SlotRange | null): void {
  const { chosen, RangeFields } = chooseRange(range);
  const target = signal('');
  const move = chooseMoveOptions();
  const request = computed<ChangeRequest | string>(() => {
    if (typeof chosen.value === 'string') return chosen.value;
    if (target.value === '') return 'To which group?';
    if (typeof move.options.value === 'string') return move.options.value;
    const group = Number(target.value);
    return { change: 'move-slots', ...chosen.value, group, options: move.options.value };
  });
  const Fields = () => (
    <>
      <div class="fields">
        {range === null && <RangeFields />}
        <SelectField label="To group" value={target} options={groupOptions()} />
      </div>
      <move.Fields />
    </>
  );
  const title = range ? `Move ${named(range)}` : 'Move slots';
  openChange({ title, verb: 'Start moving', request, Fields });
}

/** Gives slots to a group without moving keys. */
export function openAssignSlots(range: SlotRange | null, groupId: number | null = null): void {
  const { chosen, RangeFields } = chooseRange(range);
  const target = signal(groupId === null ? '' : String(groupId));
  const isForced = signal(false);
  const request = computed<ChangeRequest | string>(() => {
    if (typeof chosen.value === 'string') return chosen.value;
    if (target.value === '') return 'To which group?';
    const group = Number(target.value);
    const status = group === -1 ? 'offline' : 'online';
    return { change: 'set-slots', ...chosen.value, group, status, force: isForced.value };
  });
  const Fields = () => (
    <>
      <div class="fields">
        <RangeFields />
        <SelectField
          label="Give to"
          value={target}
          options={[...groupOptions(), { value: '-1', label: 'no group (offline)' }]}
        />
      </div>
      <CheckField value={isForced}>
        <strong>Even if there are keys</strong>
        <br />
        <span class="small soft">
          Keys of these slots stay where they are and are not found any more.
        </span>
      </CheckField>
    </>
  );
  const title = range ? `Assign ${named(range)}` : 'Assign slots';
  openChange({ title, verb: 'Assign', request, Fields });
}

/** Makes the records of all slots: offline, in no group. */
export function openInitSlots(): void {
  openFixedChange('Create the 1,024 slots', 'Create slots', { change: 'init-slots' });
}

/** Takes all slots from their groups. */
export function openResetSlots(): void {
  openFixedChange('Reset all slots', 'Reset all slots', { change: 'init-slots', force: true });
}

/** `slot 5`, `slots 5–9 (5)` */
export function named({ first, last }: SlotRange): string {
  return first === last ? `slot ${first}` : `slots ${span(first, last)}`;
}

function chooseRange(range: SlotRange | null) {
  const first = signal(range ? String(range.first) : '');
  const last = signal(range ? String(range.last) : '');
  const chosen = computed(() => rangeOf(first, last));
  const RangeFields = () => (
    <>
      <TextField label="First slot" value={first} mode="numeric" placeholder="0" />
      <TextField label="Last slot" value={last} mode="numeric" placeholder={`${LAST_SLOT}`} />
    </>
  );
  return { chosen, RangeFields };
}

function rangeOf(
  first: Signal<string>,
  last: Signal<string>,
): { from: number; to: number } | string {
  const [from, to] = [Number(first.value), Number(last.value)];
  const isSlot = (text: string) => /^\d{1,4}$/.test(text.trim()) && Number(text) <= LAST_SLOT;
  if (!isSlot(first.value) || !isSlot(last.value)) {
    return `Which slots? They are numbered 0 to ${LAST_SLOT}.`;
  }
  if (from > to) return 'The first slot comes after the last one.';
  return { from, to };
}

function groupOptions() {
  const options = groups.value.map(({ id, slots }) => ({
    value: String(id),
    label: `Group ${id} (${count(slots, 'slot')})`,
  }));
  return [{ value: '', label: 'Choose…' }, ...options];
}
