import { ErrorReply, type Reply } from '../../../resp/encode.js';
import { byteString, equalsWord, wholeNumber } from '../arguments.js';
import type { CommandRow } from '../command-row.js';
import { SYNTAX_ERROR, wrongArityError } from '../errors.js';
import type { LocalContext } from '../local-context.js';

/** A command whose arguments have been framed. */
export class CommandArguments {
  readonly bytes: Uint8Array;
  readonly argStarts: Int32Array;
  readonly argEnds: Int32Array;
  readonly argCount: number;

  constructor(bytes: Uint8Array, argStarts: Int32Array, argEnds: Int32Array, argCount: number) {
    this.bytes = bytes;
    this.argStarts = argStarts;
    this.argEnds = argEnds;
    this.argCount = argCount;
  }

  /** An argument as a byte string. */
  text(index: number): string {
    return byteString(this.bytes, this.argStarts[index]!, this.argEnds[index]!);
  }

  /** Arguments from `from` on. */
  texts(from: number): string[] {
    return Array.from({ length: Math.max(0, this.argCount - from) }, (_, n) => this.text(from + n));
  }

  /** True if the argument is `word` (given in lower case), letters in any case. */
  isWord(index: number, word: string): boolean {
    return equalsWord(this.bytes, this.argStarts[index]!, this.argEnds[index]!, word);
  }

  /** An argument as a whole number; null: it is none. */
  number(index: number): number | null {
    return wholeNumber(this.bytes, this.argStarts[index]!, this.argEnds[index]!);
  }
}

/** A command that the proxy answers itself, and who sent it. */
export class LocalRequest extends CommandArguments {
  readonly row: CommandRow;
  readonly context: LocalContext;

  constructor(
    row: CommandRow,
    bytes: Uint8Array,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    context: LocalContext,
  ) {
    super(bytes, argStarts, argEnds, argCount);
    this.row = row;
    this.context = context;
  }

  wrongArity(): ErrorReply {
    return new ErrorReply(wrongArityError(this.row.name));
  }
}

/** Answers one command; effects go through `request.context`. */
export type LocalCommand = (request: LocalRequest) => Reply;

export const SYNTAX = new ErrorReply(SYNTAX_ERROR);
