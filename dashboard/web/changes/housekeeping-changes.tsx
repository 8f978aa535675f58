import { computed, signal } from '@preact/signals';
import type { ChangeRequest } from '../../api/web-contract.js';
import { TextField } from '../parts/field.js';
import { openChange, openFixedChange } from './open-change.js';

const KEPT = 500;

/** Deletes the records of old changes. */
export function openCollectActions(): void {
  const keep = signal(String(KEPT));
  const request = computed<ChangeRequest | string>(() =>
    /^\d{1,9}$/.test(keep.value.trim())
      ? { change: 'gc-actions', keep: Number(keep.value) }
      : 'How many are to be kept?',
  );
  const Fields = () => <TextField label="Keep the newest" value={keep} mode="numeric" />;
  openChange({ title: 'Delete old actions', verb: 'Delete', request, Fields });
}

/** Removes locks that tools of Codis have left. */
export function openRemoveLocks(): void {
  openFixedChange('Remove locks', 'Remove locks', { change: 'remove-locks' });
}

/** Removes the fences of proxies that are gone. */
export function openRemoveFences(): void {
  openFixedChange('Remove fences', 'Remove fences', { change: 'remove-fences' });
}
