import { capital } from '../format.js';
import { connection, retryNow } from '../live/connection.js';
import { follow, following, stay } from '../live/follow.js';
import { dashboard } from '../live/state.js';
import { now } from '../parts/now.js';
import { session } from '../session/session.js';

/** Of the dashboard that this page came from. */
let firstVersion: string | null = null;

/** What has to be known about the page itself: how old it is, and who may do what. */
export function NoticeBars() {
  return (
    <section aria-label="Notices">
      <ConnectionBar />
      <ClusterBar />
      {session.value?.notice && <div class="notice-bar warn">{capital(session.value.notice)}</div>}
    </section>
  );
}

function ConnectionBar() {
  const state = connection.value;
  if (state.name === 'open' || state.name === 'connecting') return null;
  const seconds = Math.ceil((state.at - now.value) / 1000);
  const words =
    state.name === 'full'
      ? 'The dashboard serves as many browsers as it can. What you see is old.'
      : 'The connection to the dashboard is lost. What you see is old.';
  return (
    <div class="notice-bar bad" role="alert">
      <span>{words}</span>
      <span aria-live="off">{seconds > 0 ? `Trying again in ${seconds} s` : 'Trying again…'}</span>
      <button type="button" class="button small" onClick={retryNow}>
        Try now
      </button>
      <FollowChoice />
    </div>
  );
}

/** There is another dashboard of the same cluster. */
function FollowChoice() {
  const next = following.value;
  if (next === null) return null;
  const seconds = Math.max(0, Math.ceil((next.at - now.value) / 1000));
  return (
    <>
      <span aria-live="off">
        or going to {new URL(next.url).host} in {seconds} s
      </span>
      <button type="button" class="button small" onClick={() => follow(next.url)}>
        Go now
      </button>
      <button type="button" class="button small" onClick={stay}>
        Stay
      </button>
    </>
  );
}

function ClusterBar() {
  const state = dashboard.value;
  if (state === null) return null;
  firstVersion ??= state.version;
  if (state.version !== firstVersion) {
    return (
      <div class="notice-bar warn" role="alert">
        <span>
          The dashboard is {state.version} now; this page is of {firstVersion}.
        </span>
        <button type="button" class="button small" onClick={() => location.reload()}>
          Load the new page
        </button>
      </div>
    );
  }
  if (state.coordinator !== 'connected') {
    return (
      <div class="notice-bar bad" role="alert">
        The dashboard has lost the coordinator ({state.coordinator}): what you see is old, and
        nothing can be changed. Clients are served as before.
      </div>
    );
  }
  if (state.leader === null) {
    return (
      <div class="notice-bar warn" role="alert">
        No dashboard leads at the moment: nothing can be changed.
      </div>
    );
  }
  if (state.leads) return null;
  return (
    <div class="notice-bar plain">
      <span class="soft">{state.leader} leads; changes made here are passed on to it.</span>
    </div>
  );
}
