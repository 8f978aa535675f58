import colors from 'picocolors';
import type { HaStatusReply } from '../dashboard/api/contract-ha.js';
import { colored, NOTHING, table } from './render.js';

const SHOWN_EVENTS = 10;

/** `server ha-status` for people: one line a group and replica, then what happened last. */
export function describeHa(status: HaStatusReply): string {
  const { mode, watching, down_after_ms, min_interval_ms, observers, groups, events } = status;
  const silent = observers.filter(({ error }) => error !== '');
  const head = [
    `ha=${mode}${watching ? '' : ', not watching now'}; down after ${down_after_ms} ms, ` +
      `once in ${min_interval_ms / 1000} s a group`,
    `${observers.length} observers: ${observers.map(({ id }) => id).join(', ')}`,
    ...silent.map(({ id, error }) => colors.yellow(`${id} does not report: ${error}`)),
  ];
  const rows = groups.flatMap((group) => [
    [
      String(group.group_id),
      group.master ?? 'no master',
      colored('master'),
      String(group.offset ?? NOTHING),
      '',
      healthOf(group),
    ],
    ...group.replicas.map(({ addr, offset, lag_bytes, refusal }) => [
      ...['', addr, 'slave', String(offset ?? NOTHING), String(lag_bytes ?? NOTHING)],
      refusal === '' ? 'may become the master' : colors.yellow(refusal),
    ]),
    ...group.former_masters.map(({ addr, since }) => [
      ...['', addr, colored('offline'), NOTHING, NOTHING],
      `former master, since ${timeOf(since)}`,
    ]),
  ]);
  const groupTable = table(
    [
      { title: 'group' },
      { title: 'server' },
      { title: 'role' },
      { title: 'offset', align: 'right' },
      { title: 'behind', align: 'right' },
      { title: 'state' },
    ],
    rows,
  );
  const shown = events.slice(0, SHOWN_EVENTS).map(({ at, group_id, event, words }) => {
    return `${timeOf(at)}  group ${group_id}  ${event}: ${words}`;
  });
  return [
    head.join('\n'),
    groups.length === 0 ? 'no groups' : groupTable,
    ...(shown.length === 0 ? [] : [`last events:\n${shown.join('\n')}`]),
  ].join('\n\n');
}

function healthOf(group: HaStatusReply['groups'][number]): string {
  if (group.master === null) return colors.red('no master');
  if (group.health === 'healthy') return colors.green('healthy');
  const voices = `${group.against.length} of the ${group.needed} voices it takes`;
  return group.health === 'down'
    ? colors.red(`down: ${group.against.join(', ')}`)
    : colors.yellow(`suspect: ${voices} (${group.against.join(', ')})`);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}
