import { slotOfKey } from '../../cluster/slot-hash.js';
import { admit, asBuffer, isAnswer, refuse } from './admission.js';
import { blocks } from './blocks.js';
import type { CommandRow } from './command-row.js';
import type { Decision } from './decision.js';
import { CROSSSLOT_ERROR, wrongArityError } from './errors.js';
import { findKeys, KeyPositions } from './keys.js';
import { answerLocal } from './local/answer-local.js';
import { otherUser } from './local/auth.js';
import type { LocalContext } from './local-context.js';
import { refusal } from './refusal.js';
import { callsFunction, scriptOf } from './script/script-of.js';
import { SLOT_OF_NO_KEY } from './slot-of-no-key.js';

/** Of the proxy: other workers are to be asked. */
const ABOUT_ALL_CLIENTS: ReadonlySet<string> = new Set(['client|kill', 'client|list']);

const keyPositions = new KeyPositions();

/**
 * Decides about a command that is not simply one with one key, checking in Redis's order: is it
 * known, are there enough arguments, is the client authenticated.
 *
 * @param found its row, if its name is known
 * @param client may be changed by a command about the connection (AUTH, CLIENT SETNAME)
 */
export function decide(
  found: CommandRow | null,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  client: LocalContext,
): Decision {
  const admitted = admit(found, bytes, argStarts, argEnds, argCount, client);
  if (isAnswer(admitted)) return admitted;
  const row = admitted;
  if (row.guard === 'logs-in' && otherUser(row, bytes, argStarts, argEnds, argCount) !== null) {
    return { type: 'operate', row };
  }
  // The only container that may stand alone is COMMAND.
  const isLocal = row.route === 'local' || row.route === 'container';
  // Whether a user may have it answered only the servers know.
  if (isLocal && client.user !== 'default' && !row.needsNoAuth) return { type: 'operate', row };
  if (row.guard === 'while-busy' && client.meetsBusyServers) {
    return { type: 'operate', row };
  }
  if (client.hasPeers && ABOUT_ALL_CLIENTS.has(row.name)) return { type: 'operate', row };
  if (isLocal) {
    const reply = answerLocal(row, bytes, argStarts, argEnds, argCount, client);
    return { type: 'answer', row, reply: asBuffer(reply) };
  }
  if (row.route === 'operation' || blocks(row, bytes, argStarts, argEnds, argCount)) {
    return { type: 'operate', row };
  }
  const denied = refusal(row, bytes, argStarts, argEnds, argCount, client.database);
  if (denied !== null) return refuse(row, denied);

  const slotOfArgument = (index: number) => slotOfKey(bytes, argStarts[index]!, argEnds[index]!);
  switch (row.route) {
    case 'split-mget':
    case 'split-sum':
      return { type: 'split', row, slotId: slotOfArgument(1), stride: 1 };
    case 'split-mset':
      if (argCount % 2 === 0) return refuse(row, wrongArityError(row.name));
      return { type: 'split', row, slotId: slotOfArgument(1), stride: 2 };
    case 'publish':
      return { type: 'publish', row, slotId: slotOfArgument(1) };
    default: {
      const count = findKeys(row, bytes, argStarts, argEnds, argCount, keyPositions);
      const { positions } = keyPositions;
      const slotId = count > 0 ? slotOfArgument(positions[0]!) : SLOT_OF_NO_KEY;
      for (let index = 1; index < count; index++) {
        if (slotOfArgument(positions[index]!) !== slotId) return refuse(row, CROSSSLOT_ERROR);
      }
      const script = row.guard === 'script' ? scriptOf(row, bytes, argStarts, argEnds) : null;
      if (script !== null) return { type: 'call-script', row, slotId, script };
      if (callsFunction(row)) return { type: 'call-function', row, slotId };
      return { type: 'send', row, slotId };
    }
  }
}
