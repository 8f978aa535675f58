import type { Backend } from '../backend/backend.js';
import type { Decision } from '../command/decision.js';
import { BurstCall } from '../operation/burst-call.js';
import { FunctionCall } from '../operation/function-call.js';
import { Publication } from '../operation/pubsub/publication.js';
import { QueueCheckCall } from '../operation/queue-check-call.js';
import { ScriptCall, type ScriptCaller } from '../operation/script-call.js';
import type { Request } from '../request.js';
import type { ReplicaReads } from '../router/replicas/replica-reads.js';
import { FanOut } from './fan-out.js';
import type { SessionServices } from './session-services.js';
import type { FramedCommand } from './split-plan.js';

/** What is sent, but neither as it came nor to one server alone. */
export type SpecialDecision = Exclude<
  Decision,
  { readonly type: 'answer' } | { readonly type: 'operate' } | { readonly type: 'send' }
>;

/** Who sends it. */
export interface Sender {
  readonly client: ScriptCaller;
  readonly services: SessionServices;
  /** Where its reads may go besides; null: all go to masters. */
  readonly replicaReads: ReplicaReads | null;
}

/**
 * Sends a command as has been decided.
 *
 * @returns a connection that has been given more than it takes now; null: there is none
 */
export function sendSpecially(
  request: Request,
  decision: SpecialDecision,
  command: FramedCommand,
  { client, services, replicaReads }: Sender,
): Backend | null {
  const { router, cluster } = services;
  const { bytes, start, end, isOwned, argStarts, argEnds } = command;
  switch (decision.type) {
    case 'publish': {
      const channel = bytes.toString('latin1', argStarts[1], argEnds[1]);
      Publication.send(request, channel, bytes, start, end, isOwned, cluster, router);
      return null;
    }
    case 'replace':
      BurstCall.send(request, decision.burst, router);
      return null;
    case 'ask-queueing':
      QueueCheckCall.send(request, decision.check, router);
      return null;
    case 'call-function':
      FunctionCall.send(request, copyOf(command), client, cluster, router);
      return null;
    case 'call-script':
      ScriptCall.send(request, decision.script, copyOf(command), client, router);
      return null;
    case 'split':
      return FanOut.send(request, command, decision.stride, router, replicaReads);
  }
}

function copyOf({ bytes, start, end }: FramedCommand): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}
