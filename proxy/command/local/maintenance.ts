import { ErrorReply, OK, type Reply } from '../../../resp/encode.js';
import type { LocalContext } from '../local-context.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

/** What a client may ask to be told of: `none`: nothing, it goes on with the address it has. */
const ENDPOINT_TYPES = [
  ...['internal-ip', 'internal-fqdn', 'external-ip', 'external-fqdn'],
  'none',
] as const;
type EndpointType = (typeof ENDPOINT_TYPES)[number];

/** Clients that want to be told. Not kept in the session: few ask, and it is asked once, at the end. */
const subscribers = new WeakMap<LocalContext, EndpointType>();

/**
 * CLIENT MAINT_NOTIFICATIONS ON|OFF [moving-endpoint-type <type>], as Redis Software has it and
 * redis-py and node-redis ask by default when they speak RESP3.
 */
export function clientMaintNotifications(request: LocalRequest): Reply {
  const { context, argCount } = request;
  if (request.isWord(2, 'off') && argCount === 3) {
    subscribers.delete(context);
    return OK;
  }
  if (!request.isWord(2, 'on') || argCount % 2 === 0) return SYNTAX;
  let type: EndpointType = 'none';
  for (let index = 3; index < argCount; index += 2) {
    if (!request.isWord(index, 'moving-endpoint-type')) return SYNTAX;
    const given = ENDPOINT_TYPES.find((each) => request.isWord(index + 1, each));
    if (given === undefined) {
      return new ErrorReply(`ERR Invalid moving-endpoint-type '${request.text(index + 1)}'`);
    }
    type = given;
  }
  if (context.protocol !== 3) {
    return new ErrorReply('ERR CLIENT MAINT_NOTIFICATIONS needs RESP3: say HELLO 3 first');
  }
  subscribers.set(context, type);
  return OK;
}

/**
 * What the client is to be told when its connection will be closed soon; null if it has not asked,
 * or if there is nothing to tell it: one that wants an address takes no other answer.
 *
 * @param seq different for each event
 * @param afterSeconds when the connection is closed
 * @param successor host:port of a proxy to go to; null: none is known
 */
export function movingNotice(
  context: LocalContext,
  seq: number,
  afterSeconds: number,
  successor: string | null,
): Buffer | null {
  const type = subscribers.get(context);
  if (type === undefined || context.protocol !== 3) return null;
  if (type !== 'none' && successor === null) return null;
  const endpoint =
    type === 'none' || successor === null
      ? '_\r\n'
      : `$${Buffer.byteLength(successor)}\r\n${successor}\r\n`;
  return Buffer.from(`>4\r\n$6\r\nMOVING\r\n:${seq}\r\n:${afterSeconds}\r\n${endpoint}`);
}
