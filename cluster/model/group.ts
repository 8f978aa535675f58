import { z } from 'zod';

/** The role Codis 2 records call `type`. We say "replica"; the records say "slave". */
export const serverType = z.enum(['master', 'slave', 'offline']);
export type ServerType = z.infer<typeof serverType>;

/** `P/servers/group_N/<addr>`. */
export const serverRecord = z.object({
  type: serverType,
  group_id: z.number().int(),
  addr: z.string().min(1),
});
export type ServerRecord = z.infer<typeof serverRecord>;

/** A group with its servers, as the REST API and actions show it; `servers` is null for none. */
export interface GroupRecord {
  id: number;
  product_name: string;
  servers: ServerRecord[] | null;
}

/** The master's address, or null if the group has none. */
export function masterOf(group: GroupRecord): string | null {
  return group.servers?.find((server) => server.type === 'master')?.addr ?? null;
}
