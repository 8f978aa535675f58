import { type TopicKind, topicId } from './topic.js';

/**
 * What a server says to a subscriber in RESP2:
 * - `message`: with the topic it was heard for, and the channel it was published in
 * - `listening`, `deaf`: the server has begun or ended to send what is about the topic
 * - `pong`, `error`, `other`
 */
export type ServerMessage =
  | { readonly type: 'message'; readonly topicId: string; readonly channel: string }
  | { readonly type: 'listening' | 'deaf'; readonly topicId: string }
  | { readonly type: 'pong' | 'other' }
  | { readonly type: 'error'; readonly text: string };

const CR = 0x0d;
const MINUS = 0x2d;
const ZERO = 0x30;

const MESSAGE_KINDS = new Map<string, TopicKind>([
  ['message', 'channel'],
  ['pmessage', 'pattern'],
  ['smessage', 'shard'],
]);
const SUBSCRIPTION_KINDS = new Map<string, TopicKind>([
  ['subscribe', 'channel'],
  ['psubscribe', 'pattern'],
  ['ssubscribe', 'shard'],
]);
const END_KINDS = new Map<string, TopicKind>([
  ['unsubscribe', 'channel'],
  ['punsubscribe', 'pattern'],
  ['sunsubscribe', 'shard'],
]);

/** @param frame one whole frame that a subscriber was sent */
export function readServerMessage(frame: Buffer): ServerMessage {
  if (frame[0] === MINUS) {
    return { type: 'error', text: frame.toString('latin1', 1, frame.length - 2) };
  }
  // The `*3` line.
  let at = frame.indexOf(CR) + 2;
  const next = (): string => {
    let length = 0;
    for (at++; frame[at] !== CR; at++) length = length * 10 + frame[at]! - ZERO;
    const start = at + 2;
    at = start + length + 2;
    return frame.toString('latin1', start, start + length);
  };
  if (frame.length < at + 4) return { type: frame.equals(PONG) ? 'pong' : 'other' };
  const word = next();
  const messageKind = MESSAGE_KINDS.get(word);
  if (messageKind !== undefined) {
    const name = next();
    const channel = messageKind === 'pattern' ? next() : name;
    return { type: 'message', topicId: topicId(messageKind, name), channel };
  }
  if (word === 'pong') return { type: 'pong' };
  const begun = SUBSCRIPTION_KINDS.get(word);
  if (begun !== undefined) return { type: 'listening', topicId: topicId(begun, next()) };
  const ended = END_KINDS.get(word);
  if (ended !== undefined) return { type: 'deaf', topicId: topicId(ended, next()) };
  return { type: 'other' };
}

const PONG = Buffer.from('+PONG\r\n');
