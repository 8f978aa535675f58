import { ErrorReply, MapReply, OK, type Reply, SetReply } from '../../../resp/encode.js';
import type { LocalContext } from '../local-context.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

const NOT_TRACKING = new ErrorReply(
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);

/** CLIENT CACHING YES|NO: about the next command alone. */
export function clientCaching(request: LocalRequest): Reply {
  const { context } = request;
  const { tracking } = context;
  if (tracking === null) return NOT_TRACKING;
  const isYes = request.isWord(2, 'yes');
  if (!isYes && !request.isWord(2, 'no')) return SYNTAX;
  if (tracking.mode !== (isYes ? 'optin' : 'optout')) {
    const [word, mode] = isYes ? ['YES', 'OPTIN'] : ['NO', 'OPTOUT'];
    return new ErrorReply(
      `ERR CLIENT CACHING ${word} is only valid when tracking is enabled in ${mode} mode.`,
    );
  }
  context.isNextMarked = true;
  return OK;
}

/** CLIENT GETREDIR: -1 if it does not track, 0 if it is told itself. */
export function clientGetRedir({ context }: LocalRequest): Reply {
  return context.tracking?.redirect ?? -1;
}

/** CLIENT TRACKINGINFO */
export function clientTrackingInfo({ context }: LocalRequest): Reply {
  return new MapReply([
    ['flags', new SetReply(flagsOf(context))],
    ['redirect', context.tracking?.redirect ?? -1],
    ['prefixes', [...(context.tracking?.prefixes ?? [])]],
  ]);
}

function flagsOf({ tracking, isNextMarked }: LocalContext): readonly string[] {
  if (tracking === null) return ['off'];
  const { mode, noLoop, isBroken } = tracking;
  const caching = mode === 'optin' ? 'caching-yes' : 'caching-no';
  return [
    'on',
    ...(mode === 'all' ? [] : [mode]),
    ...(isNextMarked ? [caching] : []),
    ...(noLoop ? ['noloop'] : []),
    ...(isBroken ? ['broken_redirect'] : []),
  ];
}
