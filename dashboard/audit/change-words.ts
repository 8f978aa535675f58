import type { z } from 'zod';
import * as contract from '../api/contract.js';
import type { AnyRouteName } from '../api/route-table.js';

/** What a change is about, so that it can be looked at before and after. */
export type Subject =
  | { readonly kind: 'group'; readonly id: number }
  | { readonly kind: 'slots'; readonly from: number; readonly to: number }
  | { readonly kind: 'proxy'; readonly id: string }
  | { readonly kind: 'job'; readonly id: string }
  | { readonly kind: 'fences' }
  | { readonly kind: 'nothing' };

export interface ChangeRequest {
  readonly route: AnyRouteName;
  /** Of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Read as JSON; anything, as it has not been checked yet. */
  readonly body: unknown;
}

export interface ChangeWords {
  /** One line. */
  readonly what: string;
  readonly subject: Subject;
}

const MAX_WORDS = 300;
const ALL_SLOTS = { kind: 'slots', from: 0, to: 1023 } as const;
const NOTHING = { kind: 'nothing' } as const;

/** What somebody asks for, whether it makes sense or not. */
export function wordsOf(request: ChangeRequest): ChangeWords {
  const words = describe(request);
  return words ?? { what: `${request.route}: not understood`, subject: NOTHING };
}

function describe({ route, params, query, body }: ChangeRequest): ChangeWords | null {
  const groupId = Number(params.group);
  const group = { kind: 'group', id: groupId } as const;
  switch (route) {
    case 'addGroup':
      return read(contract.addGroupBody, body, ({ id }) => ({
        what: `add group ${id}`,
        subject: { kind: 'group', id },
      }));
    case 'removeGroup':
      return { what: `remove group ${groupId}`, subject: group };
    case 'addServer':
      return read(contract.addServerBody, body, ({ addr, type }) => ({
        what: `add ${addr} to group ${groupId} as ${type}`,
        subject: group,
      }));
    case 'removeServer':
      return read(contract.serverBody, body, ({ addr }) => ({
        what: `remove ${addr} from group ${groupId}`,
        subject: group,
      }));
    case 'promote':
      return read(contract.serverBody, body, ({ addr }) => ({
        what: `promote ${addr} to master of group ${groupId}`,
        subject: group,
      }));
    case 'initSlots':
      return {
        what: query.is_force
          ? 'initialise all slots, also those there are'
          : 'initialise the slots',
        subject: ALL_SLOTS,
      };
    case 'setSlots':
      return read(contract.setSlotsBody, body, ({ from, to, new_group, status, force }) => ({
        what: `set slots ${from}-${to} to group ${new_group}, ${status}${force ? ', by force' : ''}`,
        subject: { kind: 'slots', from, to },
      }));
    case 'migrate':
      return read(contract.migrateBody, body, ({ from, to, new_group }) => ({
        what: `move slots ${from}-${to} to group ${new_group}`,
        subject: { kind: 'slots', from, to },
      }));
    case 'rebalance':
      return { what: 'rebalance by slots', subject: ALL_SLOTS };
    case 'startMoves':
      return read(contract.startMovesBody, body, ({ what, moves }) => ({
        what: `move: ${what.split('\n')[0]}`,
        subject: boundsOf(moves),
      }));
    case 'controlJob':
      return read(contract.controlJobBody, body, ({ action, direction }) => ({
        what: `${action} move ${params.job}${direction ? `, ${direction}` : ''}`,
        subject: { kind: 'job', id: params.job ?? '' },
      }));
    case 'setProxyState':
      return read(contract.setProxyStateBody, body, ({ id, state }) => ({
        what: `set proxy ${id} ${state}`,
        subject: { kind: 'proxy', id },
      }));
    case 'gcActions': {
      const which = query.keep === undefined ? `older than ${query.secs} s` : `but ${query.keep}`;
      return { what: `delete actions ${which}`, subject: NOTHING };
    }
    case 'removeLocks':
      return { what: 'remove locks', subject: NOTHING };
    case 'removeFences':
      return { what: 'remove fences of proxies that are gone', subject: { kind: 'fences' } };
    default:
      return { what: route, subject: NOTHING };
  }
}

function read<T>(
  type: z.ZodType<T>,
  body: unknown,
  words: (body: T) => ChangeWords,
): ChangeWords | null {
  const result = type.safeParse(body);
  if (!result.success) return null;
  const { what, subject } = words(result.data);
  return { what: what.replaceAll(/\s+/g, ' ').slice(0, MAX_WORDS), subject };
}

/** From the first to the last slot that is to move. */
function boundsOf(moves: readonly contract.PlannedMove[]): Subject {
  const ends = moves.flatMap(({ slots }) => slots.flat());
  if (ends.length === 0) return NOTHING;
  return { kind: 'slots', from: Math.min(...ends), to: Math.max(...ends) };
}
