import { encodeReply } from '../../../resp/encode.js';
import { CLUSTER_SUBCOMMANDS } from '../command-routes.js';
import type { CommandRow } from '../command-row.js';
import type { LocalContext } from '../local-context.js';
import { aclWhoami, auth, hello } from './auth.js';
import {
  clientGetName,
  clientHelp,
  clientId,
  clientNoEvict,
  clientNoTouch,
  clientReply,
  clientSetInfo,
  clientSetName,
} from './client.js';
import { clientInfo, clientKill, clientList } from './client-list.js';
import { clusterDisabled, clusterHelp, readOnly, readWrite } from './cluster.js';
import {
  command,
  commandCount,
  commandDocs,
  commandGetKeys,
  commandGetKeysAndFlags,
  commandHelp,
  commandInfo,
  commandList,
} from './command.js';
import { configHelp } from './config.js';
import { echo, ping, quit, reset, role, select, time } from './connection.js';
import { type LocalCommand, LocalRequest } from './local-request.js';
import { clientMaintNotifications } from './maintenance.js';
import { clientCaching, clientGetRedir, clientTrackingInfo } from './tracking.js';
import { discard, multi, unwatch } from './transaction.js';

/** By the row's name; a test checks that there is one for every row with route `local`. */
export const LOCAL_COMMANDS: ReadonlyMap<string, LocalCommand> = new Map<string, LocalCommand>([
  ['acl|whoami', aclWhoami],
  ['asking', clusterDisabled],
  ['auth', auth],
  ['client|caching', clientCaching],
  ['client|getname', clientGetName],
  ['client|getredir', clientGetRedir],
  ['client|help', clientHelp],
  ['client|id', clientId],
  ['client|info', clientInfo],
  ['client|kill', clientKill],
  ['client|list', clientList],
  ['client|maint_notifications', clientMaintNotifications],
  ['client|no-evict', clientNoEvict],
  ['client|no-touch', clientNoTouch],
  ['client|reply', clientReply],
  ['client|setinfo', clientSetInfo],
  ['client|setname', clientSetName],
  ['client|trackinginfo', clientTrackingInfo],
  ...CLUSTER_SUBCOMMANDS.map((name) => [`cluster|${name}`, clusterDisabled] as const),
  ['cluster|help', clusterHelp],
  ['command', command],
  ['command|count', commandCount],
  ['command|docs', commandDocs],
  ['command|getkeys', commandGetKeys],
  ['command|getkeysandflags', commandGetKeysAndFlags],
  ['command|help', commandHelp],
  ['command|info', commandInfo],
  ['command|list', commandList],
  ['config|help', configHelp],
  ['discard', discard],
  ['echo', echo],
  ['hello', hello],
  ['multi', multi],
  ['ping', ping],
  ['quit', quit],
  ['readonly', readOnly],
  ['readwrite', readWrite],
  ['reset', reset],
  ['role', role],
  ['select', select],
  ['time', time],
  ['unwatch', unwatch],
]);

/**
 * Answers a command that the proxy serves itself: rows with route `local`, and COMMAND without a
 * subcommand. The arity and the client's right to send it have been checked.
 *
 * @returns the whole reply, in the client's protocol.
 */
export function answerLocal(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  context: LocalContext,
): Uint8Array {
  const answer = LOCAL_COMMANDS.get(row.name)!;
  const request = new LocalRequest(row, bytes, argStarts, argEnds, argCount, context);
  return encodeReply(answer(request), context.protocol);
}
