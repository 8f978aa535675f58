/**
 * Replies as bytes, in RESP2 or RESP3. For replies that the proxy makes up itself; what servers
 * answer is passed on untouched.
 *
 * Text is given as byte strings: one character a byte ('latin1'). What came from a client, read as
 * latin1, goes back unharmed; text of our own is ASCII.
 */

export type Protocol = 2 | 3;

/** A reply before it is encoded. Strings are bulk strings; the others say what they are. */
export type Reply =
  | string
  | number
  | null
  | Uint8Array
  | readonly Reply[]
  | SimpleString
  | ErrorReply
  | VerbatimText
  | MapReply
  | SetReply;

export class SimpleString {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `text` begins with the code: `ERR no such key`. */
export class ErrorReply {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Text for people, such as INFO's; in RESP2 a bulk string. */
export class VerbatimText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** In RESP2 an array of keys and values in turn. */
export class MapReply {
  readonly entries: readonly (readonly [Reply, Reply])[];
  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries;
  }
}

/** In RESP2 an array. */
export class SetReply {
  readonly members: readonly Reply[];
  constructor(members: readonly Reply[]) {
    this.members = members;
  }
}

export const OK = new SimpleString('OK');

export function encodeReply(reply: Reply, protocol: Protocol): Uint8Array {
  const parts: string[] = [];
  write(reply, protocol, parts);
  return Buffer.from(parts.join(''), 'latin1');
}

/**
 * `-text\r\n`. Line ends in `text` become spaces, as in Redis.
 *
 * @param text a byte string, beginning with the code: `ERR no such key`.
 */
export function encodeError(text: string): Uint8Array {
  return Buffer.from(errorLine(text), 'latin1');
}

function errorLine(text: string): string {
  return `-${text.replaceAll(/[\r\n]/g, ' ')}\r\n`;
}

function write(reply: Reply, protocol: Protocol, parts: string[]): void {
  if (reply === null) {
    parts.push(protocol === 3 ? '_\r\n' : '$-1\r\n');
  } else if (typeof reply === 'string') {
    parts.push(`$${reply.length}\r\n${reply}\r\n`);
  } else if (typeof reply === 'number') {
    parts.push(`:${reply}\r\n`);
  } else if (reply instanceof Uint8Array) {
    const text = Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString('latin1');
    parts.push(`$${text.length}\r\n${text}\r\n`);
  } else if (reply instanceof SimpleString) {
    parts.push(`+${reply.text}\r\n`);
  } else if (reply instanceof ErrorReply) {
    parts.push(errorLine(reply.text));
  } else if (reply instanceof VerbatimText) {
    const { text } = reply;
    parts.push(
      protocol === 3 ? `=${text.length + 4}\r\ntxt:${text}\r\n` : `$${text.length}\r\n${text}\r\n`,
    );
  } else if (reply instanceof MapReply) {
    parts.push(
      protocol === 3 ? `%${reply.entries.length}\r\n` : `*${reply.entries.length * 2}\r\n`,
    );
    for (const [key, value] of reply.entries) {
      write(key, protocol, parts);
      write(value, protocol, parts);
    }
  } else if (reply instanceof SetReply) {
    parts.push(`${protocol === 3 ? '~' : '*'}${reply.members.length}\r\n`);
    for (const member of reply.members) write(member, protocol, parts);
  } else {
    parts.push(`*${reply.length}\r\n`);
    for (const element of reply) write(element, protocol, parts);
  }
}
