import { computed, effect, signal } from '@preact/signals';
import type { Role, SessionReply } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { csrfToken, loggedOut, RequestError } from '../api/request.js';
import { connect, disconnect } from '../live/connection.js';

const RETRY_MS = 2_000;
const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Null until the dashboard has said who we are. */
export const session = signal<SessionReply | null>(null);
/** Why that is not known, in words; empty while it is asked for the first time. */
export const sessionError = signal('');

const role = computed(() => session.value?.role ?? null);

/** Whether the role of who looks at the page includes another one. */
export function mayAct(needed: Role): boolean {
  return role.value !== null && RANK[role.value] >= RANK[needed];
}

/** Asks who we are until there is an answer; opens the live connection if we are somebody. */
export async function loadSession(): Promise<void> {
  for (;;) {
    try {
      take(await calls.session());
      return;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      sessionError.value = error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** @throws RequestError if name or password are wrong */
export async function logIn(name: string, password: string): Promise<void> {
  take(await calls.login(name, password));
}

/** @throws RequestError */
export async function logOut(): Promise<void> {
  await calls.logout();
  disconnect();
  await loadSession();
}

function take(reply: SessionReply): void {
  sessionError.value = '';
  csrfToken.value = reply.csrf;
  session.value = reply;
  if (reply.signed_in) connect();
  else disconnect();
}

/** A session that has ended is noticed by whichever request is the first to be refused. */
export function watchSession(): void {
  effect(() => {
    if (loggedOut.value > 0) void loadSession();
  });
}
