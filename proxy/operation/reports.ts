import { toPlain } from '../../resp/decode.js';
import { OK, VerbatimText } from '../../resp/encode.js';
import { tellEveryGroup } from './every-group.js';
import type { Operation } from './operation.js';

/**
 * MEMORY DOCTOR, MEMORY MALLOC-STATS, LATENCY DOCTOR, LATENCY GRAPH: text for people, that of each
 * group under its number.
 */
export const reportsOfGroups: Operation = async ({ args, cluster }) => {
  const parts = (await tellEveryGroup(cluster, args)).map(
    ({ groupId, value }) => `group ${groupId}:\n${String(toPlain(value)).trimEnd()}\n`,
  );
  return new VerbatimText(parts.join('\n'));
};

/** MEMORY PURGE: every master. */
export const memoryPurge: Operation = async ({ args, cluster }) => {
  await tellEveryGroup(cluster, args);
  return OK;
};
