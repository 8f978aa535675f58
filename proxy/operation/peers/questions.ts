import type { ProxyFacts } from '../../command/local-context.js';

/**
 * What the workers of one proxy ask each other, and answer. Plain data, as it goes from process to
 * process; bytes are byte strings.
 */
export interface PeerQuestions {
  /** CLIENT LIST with these arguments: the lines. */
  readonly 'client-list': { readonly asked: string; readonly answer: readonly string[] };
  /** CLIENT KILL with these arguments: how many. */
  readonly 'client-kill': { readonly asked: string; readonly answer: number };
  /** CLIENT UNBLOCK: whether the client waited. */
  readonly unblock: {
    readonly asked: { readonly clientId: number; readonly how: 'TIMEOUT' | 'ERROR' };
    readonly answer: boolean;
  };
  readonly 'has-client': { readonly asked: number; readonly answer: boolean };
  /** A client is to be told of keys, in place of another; null: all. Whether it is there. */
  readonly changed: {
    readonly asked: { readonly clientId: number; readonly keys: string | null };
    readonly answer: boolean;
  };
  /** What INFO says of a worker. */
  readonly facts: { readonly asked: null; readonly answer: ProxyFacts };
  /** SCRIPT FLUSH. */
  readonly 'forget-scripts': { readonly asked: null; readonly answer: null };
  /**
   * How many clients of the asking worker listen to topics now, if that has changed.
   * Answered with all that the other's listen to if it is new, and knows of nobody's.
   */
  readonly listeners: {
    readonly asked: { readonly counts: TopicCounts; readonly isNew: boolean };
    readonly answer: TopicCounts;
  };
  /** The asking worker has clients that watch all commands, or has none any more. */
  readonly monitored: { readonly asked: boolean; readonly answer: null };
  /** Commands for those who watch: whether there are any still. */
  readonly commands: {
    readonly asked: { readonly lines: string; readonly isCut: boolean };
    readonly answer: boolean;
  };
}

/** By the topic's id; see topicId. */
export type TopicCounts = readonly (readonly [topicId: string, count: number])[];

export type PeerQuestion = keyof PeerQuestions;
export type AskedOf<Question extends PeerQuestion> = PeerQuestions[Question]['asked'];
export type AnswerOf<Question extends PeerQuestion> = PeerQuestions[Question]['answer'];

/** A question as it goes from process to process. */
export interface PeerMessage {
  readonly question: PeerQuestion;
  readonly asked: unknown;
  /** The worker that asks. */
  readonly from: number;
}

/** Of a worker that has answered. */
export interface PeerAnswer {
  readonly from: number;
  readonly answer: unknown;
}
