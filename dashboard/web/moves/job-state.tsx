import type { LiveJob } from '../../api/live-contract.js';
import { Badge, type Tone } from '../parts/badge.js';

const TONES: Record<LiveJob['state'], Tone> = {
  running: 'info',
  paused: 'warn',
  cancelling: 'warn',
  failed: 'bad',
  done: 'good',
  cancelled: 'plain',
};

/** The state of a move, in a word. */
export function JobState({ state }: { readonly state: LiveJob['state'] }) {
  const isMoving = state === 'running' || state === 'cancelling';
  return (
    <Badge tone={TONES[state]} dot={isMoving ? 'pulse' : 'still'}>
      {state}
    </Badge>
  );
}
