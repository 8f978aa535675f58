import { signal } from '@preact/signals';
import { Icon } from './icon.js';

/** Long enough to read it and to reach for the button. */
const SHOWN_MS = 12_000;
/** More of them would lie over what one wants to press. */
const SHOWN_AT_ONCE = 2;

interface Toast {
  readonly id: number;
  readonly words: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Tells that something was done, with a button for what may be done next. */
export function tell(words: string, action: Toast['action'] = null): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, words, action }].slice(-SHOWN_AT_ONCE);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Where they appear. */
export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ id, words, action }) => (
        <div class="toast" key={id}>
          <span class="good">
            <Icon name="check" />
          </span>
          <span>{words}</span>
          {action ? (
            <button
              type="button"
              class="button small"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          ) : (
            <button
              type="button"
              class="button small quiet"
              aria-label="Dismiss"
              onClick={() => dismiss(id)}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
