import { signal } from '@preact/signals';

export const THEMES = ['light', 'auto', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'codis-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/** What was chosen; `auto` is as the system has it. */
export const theme = signal<Theme>(stored());
/** Counts changes of what is seen: what is drawn on a canvas has to be drawn again. */
export const themeChanges = signal(0);

/** Shows the theme that was chosen earlier, and follows the system's. */
export function startTheme(): void {
  show(theme.peek());
  systemIsDark.addEventListener('change', () => themeChanges.value++);
}

/** Shows a theme and remembers it. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  show(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Storage is switched off: it lasts as long as the page.
  }
  themeChanges.value++;
}

function show(chosen: Theme): void {
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

function stored(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    // Storage is switched off.
    return 'auto';
  }
}
