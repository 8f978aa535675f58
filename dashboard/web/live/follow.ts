import { computed, effect, signal } from '@preact/signals';
import { connection } from './connection.js';
import { dashboard } from './state.js';

/** A dashboard that is started again by its supervisor is back sooner than this. */
const FOLLOW_AFTER_MS = 6_000;

const isStaying = signal(false);
/** Kept apart from the live state: it is needed when that is old. */
const otherUrl = computed(() => dashboard.value?.others[0] ?? null);

/** Where we go when our dashboard stays away, and when; null: there is no other, or we stay. */
export const following = computed(() => {
  const state = connection.value;
  if (state.name !== 'lost' || isStaying.value || otherUrl.value === null) return null;
  return { url: otherUrl.value, at: state.since + FOLLOW_AFTER_MS };
});

/** Goes on waiting for the dashboard that is away. */
export function stay(): void {
  isStaying.value = true;
}

/** Shows the same page of another dashboard. */
export function follow(url: string): void {
  location.assign(new URL(`./${location.hash}`, url));
}

/** Has the page go to another dashboard by itself, except while a change is being thought about. */
export function watchForEnd(): void {
  effect(() => {
    if (connection.value.name === 'open') isStaying.value = false;
  });
  effect(() => {
    const next = following.value;
    if (next === null) return;
    const timer = setTimeout(() => {
      const isBusy = document.querySelector('dialog[open]') !== null;
      // Without a network the other one is not there either.
      if (!isBusy && navigator.onLine) follow(next.url);
    }, next.at - Date.now());
    return () => clearTimeout(timer);
  });
}
