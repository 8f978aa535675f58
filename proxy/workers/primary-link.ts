import type { PeerLink } from '../operation/peers/peers.js';
import type { PeerAnswer, PeerMessage } from '../operation/peers/questions.js';
import { ANSWER_TIMEOUT_MS, type Report } from './messages.js';

/** Longer than the primary waits for each of the others. */
const TIMEOUT_MS = ANSWER_TIMEOUT_MS + 500;

/** A worker's way to the others: the primary asks them for it. */
export class PrimaryLink implements PeerLink {
  readonly workerIndex: number;
  readonly #report: (report: Report) => void;
  readonly #asked = new Map<number, (answers: readonly PeerAnswer[]) => void>();
  #lastId = 0;

  constructor(workerIndex: number, report: (report: Report) => void) {
    this.workerIndex = workerIndex;
    this.#report = report;
  }

  ask(message: PeerMessage): Promise<readonly PeerAnswer[]> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answered(id, []), TIMEOUT_MS);
      this.#asked.set(id, (answers) => {
        clearTimeout(timer);
        resolve(answers);
      });
      this.#report({ type: 'ask', id, message });
    });
  }

  /** The primary has gathered the answers. */
  answered(id: number, answers: readonly PeerAnswer[]): void {
    const resolve = this.#asked.get(id);
    this.#asked.delete(id);
    resolve?.(answers);
  }
}
