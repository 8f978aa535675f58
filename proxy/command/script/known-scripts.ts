import { createHash } from 'node:crypto';

/**
 * The bytes of scripts that are kept. Applications have dozens of some KB; one that makes up a new
 * script for each call (which Redis advises against) must not fill our memory with them.
 */
export const MAX_SCRIPT_BYTES = 16 * 1024 * 1024;
/** Larger ones are not kept: their clients send them anew, as with Redis. */
export const MAX_ONE_SCRIPT_BYTES = 1024 * 1024;
/** What an entry takes besides its bytes. */
const ENTRY_BYTES = 300;
/** Scripts seen last, each at a place given by its length and some of its bytes. */
const RECENT_PLACES = 64;

/** A connection to a server, and which life of it: a server that comes back has no scripts. */
export interface ScriptHolder {
  readonly reconnects: number;
}

/** A script that clients have sent by EVAL or SCRIPT LOAD. */
export class KnownScript {
  readonly sha: string;
  /** The whole command `SCRIPT LOAD body`. */
  readonly load: Buffer;
  /** The part of `load` that is the script. */
  readonly body: Buffer;
  readonly #holders = new WeakMap<ScriptHolder, number>();

  constructor(sha: string, body: Uint8Array) {
    this.sha = sha;
    const head = Buffer.from(`*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$${body.length}\r\n`);
    this.load = Buffer.concat([head, body, Buffer.from('\r\n')]);
    this.body = this.load.subarray(head.length, this.load.length - 2);
  }

  /** What it takes of the memory that there is for scripts. */
  get size(): number {
    return this.load.length + ENTRY_BYTES;
  }

  /** It has been sent there, and the connection has not been lost since. */
  isAt(holder: ScriptHolder): boolean {
    return this.#holders.get(holder) === holder.reconnects;
  }

  noteAt(holder: ScriptHolder): void {
    this.#holders.set(holder, holder.reconnects);
  }

  /** The server said that it has none: it was flushed. */
  noteGoneFrom(holder: ScriptHolder): void {
    this.#holders.delete(holder);
  }
}

/**
 * The scripts that clients of this worker have sent, so that a server that lacks one can be given
 * it: a replica that was promoted, a group that slots have moved to, a server started anew. Those
 * used least recently are forgotten.
 */
export class KnownScripts {
  readonly #maxBytes: number;
  /** By sha, the one used last at the end. */
  readonly #scripts = new Map<string, KnownScript>();
  /** Bodies seen last: a script that comes again and again is not hashed each time. */
  readonly #recent: (Buffer | undefined)[] = new Array(RECENT_PLACES).fill(undefined);
  #bytes = 0;

  constructor(maxBytes = MAX_SCRIPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param sha in lower case */
  get(sha: string): KnownScript | null {
    const script = this.#scripts.get(sha);
    if (script === undefined) return null;
    this.#scripts.delete(sha);
    this.#scripts.set(sha, script);
    return script;
  }

  /** Remembers the script whose text stands in `bytes[start, end)`. */
  note(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > MAX_ONE_SCRIPT_BYTES || length === 0) return;
    const place =
      (length * 31 + bytes[start + (length >> 1)]! + bytes[end - 1]! * 7) % RECENT_PLACES;
    const recent = this.#recent[place];
    if (recent?.length === length && recent.compare(bytes, start, end) === 0) return;
    const text = bytes.subarray(start, end);
    const sha = createHash('sha1').update(text).digest('hex');
    const script = this.get(sha) ?? this.#add(new KnownScript(sha, text));
    this.#recent[place] = script.body;
  }

  /** SCRIPT FLUSH: nobody is to be given them any more. */
  clear(): void {
    this.#scripts.clear();
    this.#recent.fill(undefined);
    this.#bytes = 0;
  }

  #add(script: KnownScript): KnownScript {
    this.#scripts.set(script.sha, script);
    this.#bytes += script.size;
    for (const [oldest, { size }] of this.#scripts) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#scripts.delete(oldest);
      this.#bytes -= size;
      this.#recent.fill(undefined);
    }
    return script;
  }
}

/** Of this worker. */
export const knownScripts = new KnownScripts();
