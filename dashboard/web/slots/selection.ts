import { computed, signal } from '@preact/signals';
import { SLOT_COUNT } from './cells.js';

/** The slot that the keyboard is at. */
export const cursor = signal(0);
/** Where the selection began; null: nothing is selected. The cursor is its other end. */
const anchor = signal<number | null>(null);

/** The slots that are selected, both ends included. */
export const selection = computed(() => {
  if (anchor.value === null) return null;
  const ends = [anchor.value, cursor.value];
  return { first: Math.min(...ends), last: Math.max(...ends) };
});

/** Begins a selection with one slot. */
export function selectFrom(slotId: number): void {
  anchor.value = slotId;
  cursor.value = slotId;
}

/** Has the selection reach to a slot; begins one if there is none. */
export function selectTo(slotId: number): void {
  anchor.value ??= cursor.value;
  cursor.value = slotId;
}

/** Selects a range. */
export function select(first: number, last: number): void {
  anchor.value = first;
  cursor.value = last;
}

export function clearSelection(): void {
  anchor.value = null;
}

/**
 * What a key does in the map.
 *
 * @param columns slots in a line of the map as it is shown
 * @returns false if the key means nothing here
 */
export function pressKey(event: KeyboardEvent, columns: number): boolean {
  const at = cursor.peek();
  const target = targetOf(event.key, at, columns);
  if (target !== null) {
    const slotId = Math.min(SLOT_COUNT - 1, Math.max(0, target));
    if (event.shiftKey) selectTo(slotId);
    else {
      anchor.value = null;
      cursor.value = slotId;
    }
    return true;
  }
  if (event.key === ' ') {
    selectFrom(at);
    return true;
  }
  if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
    select(0, SLOT_COUNT - 1);
    return true;
  }
  if (event.key === 'Escape' && anchor.peek() !== null) {
    clearSelection();
    return true;
  }
  return false;
}

function targetOf(key: string, at: number, columns: number): number | null {
  switch (key) {
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowRight':
      return at + 1;
    case 'ArrowUp':
      return at - columns;
    case 'ArrowDown':
      return at + columns;
    case 'PageUp':
      return at - 4 * columns;
    case 'PageDown':
      return at + 4 * columns;
    case 'Home':
      return 0;
    case 'End':
      return SLOT_COUNT - 1;
    default:
      return null;
  }
}
