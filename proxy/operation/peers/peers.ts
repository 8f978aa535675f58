import type { ClusterAccess } from '../cluster-access.js';
import type { AnswerOf, AskedOf, PeerAnswer, PeerMessage, PeerQuestion } from './questions.js';

/** The way to the other workers of the proxy. */
export interface PeerLink {
  readonly workerIndex: number;
  /** @returns the answers of those that are there and answer in time */
  ask(message: PeerMessage): Promise<readonly PeerAnswer[]>;
}

export interface Answer<Question extends PeerQuestion> {
  readonly from: number;
  readonly answer: AnswerOf<Question>;
}

type Handler = (asked: never, from: number) => unknown;

/**
 * The other workers of the proxy, that a worker asks where a command is about all clients. Each
 * worker has its own clients; a command that is about others' is a question to all.
 */
export class Peers {
  readonly #link: PeerLink | null;
  readonly #handlers = new Map<PeerQuestion, Handler>();

  /** @param link null: there is one worker */
  constructor(link: PeerLink | null) {
    this.#link = link;
  }

  /** There are no others. */
  get areNone(): boolean {
    return this.#link === null;
  }

  /** Says how a question of another worker is answered. @param handler must not take long */
  on<Question extends PeerQuestion>(
    question: Question,
    handler: (asked: AskedOf<Question>, from: number) => AnswerOf<Question>,
  ): void {
    this.#handlers.set(question, handler as Handler);
  }

  /** @returns the answers of the others; of one that does not answer in time there is none */
  async ask<Question extends PeerQuestion>(
    question: Question,
    asked: AskedOf<Question>,
  ): Promise<readonly Answer<Question>[]> {
    const link = this.#link;
    if (link === null) return [];
    const answers = await link.ask({ question, asked, from: link.workerIndex });
    return answers as readonly Answer<Question>[];
  }

  /** Answers a question of another worker. */
  answer({ question, asked, from }: PeerMessage): unknown {
    return this.#handlers.get(question)?.(asked as never, from) ?? null;
  }
}

const ofClusters = new WeakMap<ClusterAccess, Peers>();

/** Makes those of the worker that has this access to the cluster. */
export function openPeers(cluster: ClusterAccess, link: PeerLink | null): Peers {
  const peers = new Peers(link);
  ofClusters.set(cluster, peers);
  return peers;
}

export function peersOf(cluster: ClusterAccess): Peers {
  return ofClusters.get(cluster) ?? openPeers(cluster, null);
}
