import { signal } from '@preact/signals';

export const PAGES = [
  'overview',
  'slots',
  'groups',
  'proxies',
  'moves',
  'failover',
  'keys',
  'audit',
  'housekeeping',
] as const;
export type PageName = (typeof PAGES)[number];

/** The page of the address: `#/slots`; whatever is none is the overview. */
export const currentPage = signal<PageName>(pageOf(location.hash));

window.addEventListener('hashchange', () => {
  currentPage.value = pageOf(location.hash);
  window.scrollTo(0, 0);
});

/** What leads to a page. */
export function linkTo(page: PageName): string {
  return `#/${page === 'overview' ? '' : page}`;
}

function pageOf(hash: string): PageName {
  const name = hash.replace(/^#\/?/, '').split(/[/?]/)[0];
  return PAGES.find((page) => page === name) ?? 'overview';
}
