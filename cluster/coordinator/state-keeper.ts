import { DeadlineError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { ClosedError, type Handle, type SessionState } from './coordinator.js';
import { Listeners } from './listeners.js';

const NEXT: { readonly [from in SessionState]: readonly SessionState[] } = {
  connecting: ['connected', 'expired', 'closed'],
  connected: ['suspended', 'expired', 'closed'],
  suspended: ['connected', 'expired', 'closed'],
  expired: ['connected', 'closed'],
  closed: [],
};

/** The state of a session, who is told of it and who waits for it. */
export class StateKeeper {
  #state: SessionState = 'connecting';
  readonly #listeners: Listeners<[SessionState]>;

  constructor(log: Logger) {
    this.#listeners = new Listeners(log);
  }

  get state(): SessionState {
    return this.#state;
  }

  onChange(listener: (state: SessionState) => void): Handle {
    return this.#listeners.add(listener);
  }

  change(state: SessionState): void {
    if (state === this.#state) return;
    if (!NEXT[this.#state].includes(state)) {
      throw new Error(`a session that is ${this.#state} cannot become ${state}`);
    }
    this.#state = state;
    this.#listeners.call(state);
  }

  /**
   * Resolves once the session is in this state.
   *
   * @param what names the awaited thing in the error.
   * @throws DeadlineError, ClosedError
   */
  reached(state: SessionState, deadlineMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed') throw new ClosedError();
      if (this.#state === state) return resolve();
      const timer = setTimeout(() => {
        handle.close();
        reject(new DeadlineError(`${what} did not answer within ${deadlineMs} ms`));
      }, deadlineMs);
      const handle = this.onChange((now) => {
        if (now !== state && now !== 'closed') return;
        clearTimeout(timer);
        handle.close();
        if (now === 'closed') reject(new ClosedError());
        else resolve();
      });
    });
  }
}
