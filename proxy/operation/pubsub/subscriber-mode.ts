import { encodeReply, type Protocol } from '../../../resp/encode.js';
import { admit, asBuffer, isAnswer, refuse } from '../../command/admission.js';
import { byteString } from '../../command/arguments.js';
import type { CommandRow } from '../../command/command-row.js';
import { decide } from '../../command/decide.js';
import type { Decision } from '../../command/decision.js';
import { wrongArityError } from '../../command/errors.js';
import { UNKNOWN_ROW } from '../../command/learned-commands.js';
import type { LocalContext, SessionMode } from '../../command/local-context.js';

const ALLOWED: ReadonlySet<string> = new Set([
  ...['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'ssubscribe', 'sunsubscribe'],
  ...['ping', 'quit', 'reset'],
]);
const RESP2: Protocol = 2;

/** A client in RESP2 that listens: a reply could not be told from a message. */
export class SubscriberMode implements SessionMode {
  decide(
    found: CommandRow | null,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    client: LocalContext,
  ): Decision {
    const row = admit(found, bytes, argStarts, argEnds, argCount, client);
    if (isAnswer(row)) return row;
    // Whether there is such a command only the servers know.
    const isUnknown = row === UNKNOWN_ROW;
    if (!ALLOWED.has(row.name) && !isUnknown) {
      return refuse(
        row,
        `ERR Can't execute '${row.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
    }
    if (row.name !== 'ping') return decide(found, bytes, argStarts, argEnds, argCount, client);
    if (argCount > 2) return refuse(row, wrongArityError(row.name));
    const text = argCount === 2 ? byteString(bytes, argStarts[1]!, argEnds[1]!) : '';
    return { type: 'answer', row, reply: asBuffer(encodeReply(['pong', text], RESP2)) };
  }

  /** What the client listens to ends by itself. */
  end(): void {}
}
