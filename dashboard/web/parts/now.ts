import { signal } from '@preact/signals';

/** The time, for what shows ages. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1000);
