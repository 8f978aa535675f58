import { computed, signal } from '@preact/signals';
import type { LiveJob } from '../../api/live-contract.js';
import type { ChangeRequest } from '../../api/web-contract.js';
import { ChoiceField } from '../parts/field.js';
import { chooseMoveOptions } from './move-options.js';
import { openChange, openFixedChange } from './open-change.js';

const MEASURES = [
  { value: 'slots', label: 'Slots', means: 'Every group gets as many slots as its weight says.' },
  { value: 'keys', label: 'Keys', means: 'Every group gets its share of the keys.' },
  { value: 'memory', label: 'Memory', means: 'Every group gets its share of the bytes.' },
] as const;

/** Moves slots until every group has its share. */
export function openRebalance(): void {
  const by = signal<(typeof MEASURES)[number]['value']>('slots');
  const move = chooseMoveOptions();
  const request = computed<ChangeRequest | string>(() => {
    const options = move.options.value;
    return typeof options === 'string' ? options : { change: 'rebalance', by: by.value, options };
  });
  const Fields = () => (
    <>
      <ChoiceField label="Balance by" value={by} options={MEASURES} />
      <move.Fields />
    </>
  );
  openChange({ title: 'Rebalance', verb: 'Start moving', request, Fields });
}

/** Moves all slots of a group to the others. */
export function openDrainGroup(group: number): void {
  const move = chooseMoveOptions();
  const request = computed<ChangeRequest | string>(() => {
    const options = move.options.value;
    return typeof options === 'string' ? options : { change: 'drain-group', group, options };
  });
  openChange({
    title: `Drain group ${group}`,
    verb: 'Start moving',
    request,
    Fields: move.Fields,
  });
}

/** Stops a move where it is, or lets it go on. */
export function openPauseOrResume(job: LiveJob, action: 'pause' | 'resume'): void {
  const verb = action === 'pause' ? 'Pause' : 'Resume';
  openFixedChange(`${verb}: ${job.what}`, verb, { change: 'control-job', job: job.id, action });
}

/** Ends a move; slots that are half moved go back, or to their end. */
export function openCancelJob(job: LiveJob): void {
  const title = `Cancel: ${job.what}`;
  if (job.slots_moving === 0) {
    const request = { change: 'control-job', job: job.id, action: 'cancel' } as const;
    openFixedChange(title, 'Cancel the move', request);
    return;
  }
  const direction = signal<'back' | 'forward'>('back');
  const request = computed<ChangeRequest>(() => ({
    change: 'control-job',
    job: job.id,
    action: 'cancel',
    direction: direction.value,
  }));
  const options = [
    { value: 'back', label: 'Back', means: 'Their keys return to the group they came from.' },
    { value: 'forward', label: 'Forward', means: 'They finish, and stay at their new group.' },
  ] as const;
  const Fields = () => (
    <ChoiceField label="Slots that are half moved go" value={direction} options={options} />
  );
  openChange({ title, verb: 'Cancel the move', request, Fields });
}
