import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ChangeDialogs } from '../changes/change-dialog.js';
import { dashboard } from '../live/state.js';
import { AuditPage } from '../pages/audit.js';
import { FailoverPage } from '../pages/failover.js';
import { GroupsPage } from '../pages/groups.js';
import { HousekeepingPage } from '../pages/housekeeping.js';
import { KeysPage } from '../pages/keys.js';
import { MovesPage } from '../pages/moves.js';
import { OverviewPage } from '../pages/overview.js';
import { ProxiesPage } from '../pages/proxies.js';
import { SlotsPage } from '../pages/slots.js';
import { Toasts } from '../parts/toasts.js';
import { currentPage, type PageName } from '../router.js';
import { session, sessionError } from '../session/session.js';
import { SignIn } from '../session/sign-in.js';
import { Navigation, TopBar } from './navigation.js';
import { NoticeBars } from './notice-bars.js';

const PAGES: Record<PageName, { readonly title: string; readonly Page: ComponentType }> = {
  overview: { title: 'Overview', Page: OverviewPage },
  slots: { title: 'Slots', Page: SlotsPage },
  groups: { title: 'Groups', Page: GroupsPage },
  proxies: { title: 'Proxies', Page: ProxiesPage },
  moves: { title: 'Moves', Page: MovesPage },
  failover: { title: 'Failover', Page: FailoverPage },
  keys: { title: 'Slow log & keys', Page: KeysPage },
  audit: { title: 'Audit log', Page: AuditPage },
  housekeeping: { title: 'Housekeeping', Page: HousekeepingPage },
};

/** The whole page: who we are decides whether it is the dashboard or the way in. */
export function App() {
  const who = session.value;
  if (who === null) return <Waiting />;
  return who.signed_in ? <Dashboard /> : <SignIn />;
}

function Waiting() {
  return (
    <main class="waiting">
      {sessionError.value !== '' && (
        <p role="alert">{sessionError.value}; trying again until it can be…</p>
      )}
    </main>
  );
}

function Dashboard() {
  const isMenuOpen = useSignal(false);
  const main = useRef<HTMLElement>(null);
  const page = currentPage.value;
  const lastPage = useRef(page);
  const { title, Page } = PAGES[page];
  const product = session.value?.product;

  useEffect(() => {
    document.title = `${title} · ${product} · Codis`;
  }, [title, product]);
  useEffect(() => {
    isMenuOpen.value = false;
    // A reader hears where it is; the first page has the focus already.
    if (lastPage.current !== page) main.current?.focus({ preventScroll: true });
    lastPage.current = page;
  }, [page, isMenuOpen]);

  return (
    <div class="frame">
      <TopBar isMenuOpen={isMenuOpen} />
      <Navigation isOpen={isMenuOpen} />
      <div class="main">
        <NoticeBars />
        <main class="page" ref={main} tabIndex={-1} aria-label={title}>
          {dashboard.value === null ? <Loading title={title} /> : <Page key={page} />}
        </main>
      </div>
      <ChangeDialogs />
      <Toasts />
    </div>
  );
}

function Loading({ title }: { readonly title: string }) {
  return (
    <>
      <div class="page-head">
        <h1>{title}</h1>
      </div>
      <p class="faint" role="status">
        Waiting for the dashboard…
      </p>
    </>
  );
}
