import type { ConnectedClient } from '../../command/local-context.js';

const HEAD = Buffer.from('>2\r\n$10\r\ninvalidate\r\n');
const MESSAGE_HEAD = Buffer.from('*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n');
const NULL_3 = Buffer.from('_\r\n');
const NULL_2 = Buffer.from('$-1\r\n');
const UNDERLINE = 0x5f;

/** What has changed: keys, as the frame of an array; null: all of them may have. */
export type ChangedKeys = Buffer | null;

/** @param frame a push in RESP3. @returns undefined if it is about something else */
export function readInvalidation(frame: Buffer): ChangedKeys | undefined {
  if (frame.compare(HEAD, 0, HEAD.length, 0, HEAD.length) !== 0) return undefined;
  return frame[HEAD.length] === UNDERLINE ? null : frame.subarray(HEAD.length);
}

/** For a client in RESP3. */
export function invalidationPush(keys: ChangedKeys): Buffer {
  return Buffer.concat([HEAD, keys ?? NULL_3]);
}

/** For a client in RESP2 that listens to the channel. */
function invalidationMessage(keys: ChangedKeys): Buffer {
  return Buffer.concat([MESSAGE_HEAD, keys ?? NULL_2]);
}

/** @param keys byte strings */
export function keysFrame(keys: readonly string[]): Buffer {
  const bulks = keys.map((key) => `$${key.length}\r\n${key}\r\n`);
  return Buffer.from(`*${keys.length}\r\n${bulks.join('')}`, 'latin1');
}

/** Tells a client in RESP3 that the client it had named is gone. */
export function brokenRedirectPush(clientId: number): Buffer {
  return Buffer.from(`>2\r\n$21\r\ntracking-redir-broken\r\n:${clientId}\r\n`);
}

/** Tells a client of what another one has read. @returns false if it is gone */
export function tellOfKeys(client: ConnectedClient, keys: ChangedKeys): boolean {
  if (!client.isOpen) return false;
  if (client.protocol === 3) client.push(invalidationPush(keys));
  else if ((client.subscriptions?.total ?? 0) > 0) client.push(invalidationMessage(keys));
  return true;
}
