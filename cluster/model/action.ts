import { z } from 'zod';
import { serverRecord } from './group.js';
import { type ProxyRecord, proxyRecord } from './proxy.js';
import { slotRecord } from './slot.js';

const slotTarget = slotRecord;
const groupTarget = z.object({
  id: z.number().int(),
  product_name: z.string(),
  servers: z.array(serverRecord).nullable(),
});
const slotRangeTarget = z.object({
  from: z.number().int(),
  to: z.number().int(),
  status: z.string(),
  group_id: z.number().int(),
});

const envelope = {
  desc: z.string(),
  /** Unix seconds as text. */
  ts: z.string(),
  /** Each the JSON text of a proxy's record; null when no proxy was online. */
  receivers: z.array(z.string()).nullable(),
};

/** `P/actions/<%010d>`: what changed, told to the proxies. */
export const action = z.discriminatedUnion('type', [
  z.object({ type: z.literal('slot_changed'), ...envelope, target: slotTarget }),
  z.object({ type: z.literal('slot_premigrate'), ...envelope, target: slotTarget }),
  z.object({ type: z.literal('slot_migrate'), ...envelope, target: slotTarget }),
  z.object({ type: z.literal('multi_slot_changed'), ...envelope, target: slotRangeTarget }),
  z.object({ type: z.literal('group_changed'), ...envelope, target: groupTarget }),
  z.object({ type: z.literal('group_remove'), ...envelope, target: groupTarget }),
]);

export type Action = z.infer<typeof action>;
export type ActionType = Action['type'];

/** The proxies an action waits for, parsed from its `receivers`. */
export function receiversOf(sent: Action): ProxyRecord[] {
  return (sent.receivers ?? []).map((text) => proxyRecord.parse(JSON.parse(text)));
}
