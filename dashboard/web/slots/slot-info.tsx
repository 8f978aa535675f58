import { useSignal, useSignalEffect } from '@preact/signals';
import type { SlotDetailReply } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { ago, bytes, count } from '../format.js';
import { slotRuns } from '../live/state.js';
import { now } from '../parts/now.js';
import { selection } from './selection.js';

/** What the dashboard knows of the one slot that is selected, beyond what the map shows. */
export function SlotInfo() {
  const detail = useSignal<SlotDetailReply | null>(null);
  const failure = useSignal<unknown>(null);
  useSignalEffect(() => {
    const range = selection.value;
    // Read so that it is asked for again when a slot has changed.
    const isThere = slotRuns.value.length > 0;
    detail.value = null;
    failure.value = null;
    if (!isThere || range === null || range.first !== range.last) return;
    let isWanted = true;
    calls.slotDetail(range.first).then(
      (reply) => {
        if (isWanted) detail.value = reply;
      },
      (error: unknown) => {
        if (isWanted) failure.value = error;
      },
    );
    return () => {
      isWanted = false;
    };
  });
  if (failure.value instanceof Error) return <span class="bad">{failure.value.message}</span>;
  const known = detail.value;
  if (known === null) return null;
  const about = known.is_exact ? '' : '≈ ';
  return (
    <span class="soft">
      {known.keys !== null &&
        `${about}${count(known.keys, 'key')}, ${bytes(known.bytes)}` +
          (known.surveyed_at === null ? '' : `, counted ${ago(known.surveyed_at, now.value)} ago`)}
      {known.job !== null && ` · part of move ${Number(known.job)}`}
      {known.error !== '' && <span class="bad"> {known.error}</span>}
    </span>
  );
}
