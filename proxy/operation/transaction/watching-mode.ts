import { encodeReply, OK } from '../../../resp/encode.js';
import { asBuffer } from '../../command/admission.js';
import { arityFits, type CommandRow } from '../../command/command-row.js';
import { decide } from '../../command/decide.js';
import type { Decision } from '../../command/decision.js';
import type { LocalContext, SessionMode } from '../../command/local-context.js';
import { TransactionMode } from '../../command/transaction/transaction-mode.js';
import type { WatchedSlot } from './watched-slot.js';

const OK_REPLY = asBuffer(encodeReply(OK, 2));

/** A client between WATCH and MULTI: its commands mean what they always do. */
export class WatchingMode implements SessionMode {
  readonly watched: WatchedSlot;

  constructor(watched: WatchedSlot) {
    this.watched = watched;
  }

  decide(
    found: CommandRow | null,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    client: LocalContext,
  ): Decision {
    if (found !== null && arityFits(found, argCount)) {
      if (found.name === 'multi') {
        client.mode = new TransactionMode(client, this.watched);
        return { type: 'answer', row: found, reply: OK_REPLY };
      }
      if (found.name === 'unwatch') {
        this.end();
        client.mode = null;
        return { type: 'answer', row: found, reply: OK_REPLY };
      }
    }
    return decide(found, bytes, argStarts, argEnds, argCount, client);
  }

  end(): void {
    this.watched.forget();
  }
}
