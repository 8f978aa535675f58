/** Outlines of 16 by 16, in the colour of the text around them. */
const PATHS = {
  overview: 'M2 13.5h12M3.5 11V7.5M6.5 11V4M9.5 11V6M12.5 11V2.5',
  slots: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  groups: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  proxies:
    'M8 2.5v4M8 6.5 3.5 11M8 6.5l4.5 4.5M3.5 13.5a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM12.5 13.5a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM8 13.5v-7',
  moves: 'M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3',
  failover:
    'M8 13.5C4.5 11 2.5 8.8 2.5 6.2a2.9 2.9 0 0 1 5.5-1.3 2.9 2.9 0 0 1 5.5 1.3c0 2.6-2 4.8-5.5 7.3zM4.5 7.5h2l1-2 1.5 3.5 1-1.5h1.5',
  keys: 'M8 4.5V8l2.5 1.5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  audit: 'M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2',
  housekeeping: 'M3 5h10M6 5V3h4v2M4.5 5l.6 8.5h5.8l.6-8.5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  close: 'M4 4l8 8M12 4l-8 8',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13.5 9.3A5.8 5.8 0 0 1 6.7 2.5a5.8 5.8 0 1 0 6.8 6.8z',
  auto: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  plus: 'M8 3v10M3 8h10',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  warning: 'M8 2.5l6 10.8H2zM8 6.5v3M8 11.5h.01',
  critical: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.5M8 11h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5h.01',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5l7 4.5-7 4.5z',
  up: 'M8 13V3.5M4 7.5l4-4 4 4',
  chevron: 'M6 4l4 4-4 4',
} as const;
export type IconName = keyof typeof PATHS;

/** An outline; it says nothing to those who do not see it, the text beside it does. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
