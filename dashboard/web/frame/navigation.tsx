import type { Signal } from '@preact/signals';
import { activeJobs, dashboard, problems } from '../live/state.js';
import { Badge } from '../parts/badge.js';
import { Icon, type IconName } from '../parts/icon.js';
import { Segments } from '../parts/segments.js';
import { currentPage, linkTo, type PageName } from '../router.js';
import { logOut, session } from '../session/session.js';
import { chooseTheme, type Theme, theme } from '../theme.js';

const ENTRIES: readonly { readonly page: PageName; readonly label: string }[] = [
  { page: 'overview', label: 'Overview' },
  { page: 'slots', label: 'Slots' },
  { page: 'groups', label: 'Groups' },
  { page: 'proxies', label: 'Proxies' },
  { page: 'moves', label: 'Moves' },
  { page: 'failover', label: 'Failover' },
  { page: 'keys', label: 'Slow log & keys' },
  { page: 'audit', label: 'Audit log' },
  { page: 'housekeeping', label: 'Housekeeping' },
];

const THEME_CHOICES: readonly { value: Theme; icon: IconName; name: string }[] = [
  { value: 'light', icon: 'sun', name: 'Light' },
  { value: 'auto', icon: 'auto', name: 'As the system' },
  { value: 'dark', icon: 'moon', name: 'Dark' },
];

/** Where one can go; on small screens it slides in. */
export function Navigation({ isOpen }: { readonly isOpen: Signal<boolean> }) {
  return (
    <>
      {isOpen.value && (
        <button
          type="button"
          class="shade"
          aria-label="Close the menu"
          onClick={() => {
            isOpen.value = false;
          }}
        />
      )}
      <aside id="side" class={isOpen.value ? 'side open' : 'side'} aria-label="Navigation">
        <Brand />
        <nav class="nav" aria-label="Pages">
          {ENTRIES.map(({ page, label }) => (
            <a
              key={page}
              href={linkTo(page)}
              aria-current={page === currentPage.value ? 'page' : undefined}
              onClick={() => {
                isOpen.value = false;
              }}
            >
              <Icon name={page} />
              {label}
              <Count page={page} />
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <Who />
          <div class="row">
            <Segments
              label="Theme"
              value={theme.value}
              onChoose={chooseTheme}
              options={THEME_CHOICES.map(({ value, icon, name }) => ({
                value,
                name,
                label: <Icon name={icon} />,
              }))}
            />
            <span class="faint small">{dashboard.value?.version}</span>
          </div>
        </div>
      </aside>
    </>
  );
}

/** Of small screens. */
export function TopBar({ isMenuOpen }: { readonly isMenuOpen: Signal<boolean> }) {
  const worst = problems.value[0];
  return (
    <header class="topbar">
      <button
        type="button"
        class="button quiet square"
        aria-label="Menu"
        aria-expanded={isMenuOpen.value}
        aria-controls="side"
        onClick={() => {
          isMenuOpen.value = !isMenuOpen.value;
        }}
      >
        <Icon name="menu" />
      </button>
      <Brand />
      <div class="row">
        {worst && (
          <a href={linkTo('overview')}>
            <Badge tone={worst.severity === 'critical' ? 'bad' : 'warn'}>
              {problems.value.length} {problems.value.length === 1 ? 'problem' : 'problems'}
            </Badge>
          </a>
        )}
      </div>
    </header>
  );
}

function Brand() {
  return (
    <a class="brand" href={linkTo('overview')}>
      <img src="./icon.svg" alt="" width="26" height="26" />
      <span>
        Codis
        <small>{session.value?.product}</small>
      </span>
    </a>
  );
}

function Count({ page }: { readonly page: PageName }) {
  if (page === 'moves' && activeJobs.value.length > 0) {
    return (
      <span class="count">
        <Badge tone="info">{activeJobs.value.length}</Badge>
      </span>
    );
  }
  const worst = problems.value[0];
  if (page !== 'overview' || !worst || worst.severity === 'info') return null;
  return (
    <span class="count">
      <Badge tone={worst.severity === 'critical' ? 'bad' : 'warn'}>
        {problems.value.filter(({ severity }) => severity !== 'info').length}
        <span class="unseen"> problems</span>
      </Badge>
    </span>
  );
}

function Who() {
  const who = session.value;
  if (!who?.accounts) return null;
  return (
    <div class="row">
      <span>
        {who.name}
        <br />
        <span class="faint">{who.role}</span>
      </span>
      <button type="button" class="button small" onClick={() => void logOut()}>
        Sign out
      </button>
    </div>
  );
}
