import { signal } from '@preact/signals';
import type { LIVE_CLOSE, LIVE_PATH, LiveMessage } from '../../api/live-contract.js';
import { BASE_URL, loggedOut } from '../api/request.js';
import { withUpdate } from './apply.js';
import { live } from './state.js';

const PATH: typeof LIVE_PATH = '/ws';
const CLOSE: typeof LIVE_CLOSE = {
  unauthorized: 4401,
  tooSlow: 4408,
  tooMany: 4429,
  ending: 1001,
};

const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 8_000;
/** The dashboard speaks every second: after so long the line is dead, whatever the system says. */
const SILENCE_MS = 8_000;

/**
 * - `connecting`: for the first time
 * - `open`: what is shown is of now
 * - `lost`: what is shown is old; tried again at `at`
 * - `full`: the same, but it was the dashboard that had no room
 */
export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  | { readonly name: 'lost' | 'full'; readonly since: number; readonly at: number };

export const connection = signal<ConnectionState>({ name: 'connecting' });

let socket: WebSocket | null = null;
let failures = 0;
let retryTimer = 0;
let silenceTimer = 0;

/** Opens the one WebSocket of this page, and keeps it open until {@link disconnect}. */
export function connect(): void {
  if (socket) return;
  clearTimeout(retryTimer);
  const url = new URL(PATH.slice(1), BASE_URL);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const own = new WebSocket(url);
  socket = own;
  expectWords(own);
  own.onmessage = ({ data }) => {
    if (socket !== own) return;
    expectWords(own);
    hear(JSON.parse(String(data)) as LiveMessage);
  };
  own.onclose = ({ code }) => {
    if (socket === own) lose(code);
  };
}

/** Until the next {@link connect}; what was heard is forgotten. */
export function disconnect(): void {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  const old = socket;
  socket = null;
  old?.close();
  live.value = null;
  connection.value = { name: 'connecting' };
}

/** Does not wait for the next try, if there is one to be waited for. */
export function retryNow(): void {
  const { name } = connection.peek();
  if (socket === null && (name === 'lost' || name === 'full')) connect();
}

function hear(message: LiveMessage): void {
  if (message.type === 'snapshot') {
    failures = 0;
    live.value = message.state;
    connection.value = { name: 'open' };
    return;
  }
  const state = live.peek();
  if (state) live.value = withUpdate(state, message);
}

function lose(code: number): void {
  socket = null;
  clearTimeout(silenceTimer);
  if (code === CLOSE.unauthorized) {
    loggedOut.value++;
    return;
  }
  const before = connection.peek();
  const since = 'since' in before ? before.since : Date.now();
  const wait = Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS);
  // Many browsers lose a dashboard at the same moment; they are not to come back at the same one.
  const delay = wait * (0.5 + Math.random() / 2);
  const name = code === CLOSE.tooMany ? 'full' : 'lost';
  connection.value = { name, since, at: Date.now() + delay };
  retryTimer = window.setTimeout(connect, delay);
}

/** A line that is cut without a word is closed by nobody else for minutes. */
function expectWords(own: WebSocket): void {
  clearTimeout(silenceTimer);
  silenceTimer = window.setTimeout(() => {
    if (socket !== own) return;
    own.onclose = null;
    own.close();
    lose(0);
  }, SILENCE_MS);
}

window.addEventListener('online', retryNow);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') retryNow();
});
