import type { Argument } from './resp-client.js';

/** A command as the framer hands it on. */
export interface FramedCommand {
  readonly bytes: Uint8Array;
  readonly argStarts: Int32Array;
  readonly argEnds: Int32Array;
  readonly argCount: number;
}

/** Puts arguments into one buffer, with something between them that belongs to none. */
export function frameArguments(args: readonly Argument[]): FramedCommand {
  const parts: Buffer[] = [];
  const argStarts = new Int32Array(args.length + 8).fill(-1);
  const argEnds = new Int32Array(args.length + 8).fill(-1);
  let at = 0;
  for (const [index, arg] of args.entries()) {
    const bytes = arg instanceof Uint8Array ? Buffer.from(arg) : Buffer.from(String(arg));
    parts.push(Buffer.from('$\r\n'), bytes);
    argStarts[index] = at + 3;
    at += 3 + bytes.length;
    argEnds[index] = at;
  }
  return { bytes: Buffer.concat(parts), argStarts, argEnds, argCount: args.length };
}
