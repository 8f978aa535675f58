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

/** The fields in the order in which Codis 2 writes them; zod keeps it. */
function actionOf<Type extends string, Target extends z.ZodType>(type: Type, target: Target) {
  return z.object({
    type: z.literal(type),
    desc: z.string(),
    target,
    /** Unix seconds as text. */
    ts: z.string(),
    /** Each the JSON text of a proxy's record; null when no proxy was online. */
    receivers: z.array(z.string()).nullable(),
  });
}

/** `P/actions/<%010d>`: what changed, told to the proxies. */
export const action = z.discriminatedUnion('type', [
  actionOf('slot_changed', slotTarget),
  actionOf('slot_premigrate', slotTarget),
  actionOf('slot_migrate', slotTarget),
  actionOf('multi_slot_changed', slotRangeTarget),
  actionOf('group_changed', groupTarget),
  actionOf('group_remove', groupTarget),
]);

export type Action = z.infer<typeof action>;

/** The proxies an action waits for, parsed from its `receivers`. */
export function receiversOf(sent: Action): ProxyRecord[] {
  return (sent.receivers ?? []).map((text) => proxyRecord.parse(JSON.parse(text)));
}
