import { Argument, InvalidArgumentError } from 'commander';
import { parseAddress } from '../base/address.js';
import { SLOT_COUNT } from '../cluster/slot-hash.js';

/*
 * The arguments of the verbs, each checked before any request is made. The error of a parser is
 * printed after "command-argument value '<text>' is invalid for argument '<name>'."
 */

export function groupIdArgument(): Argument {
  return new Argument('<group_id>', 'number of the group, from 1 on').argParser(groupId);
}

export function slotIdArgument(name = 'slot_id', description = 'number of the slot'): Argument {
  return new Argument(`<${name}>`, `${description}, 0 to ${SLOT_COUNT - 1}`).argParser(slotId);
}

export function serverArgument(): Argument {
  return new Argument('<redis_addr>', 'host:port of the Redis server').argParser(serverAddress);
}

export function statusArgument(): Argument {
  return new Argument('<status>', 'online: served; offline: refused by every proxy').choices([
    'online',
    'offline',
  ]);
}

export function groupId(text: string): number {
  return wholeNumber(text, 1, 2 ** 31 - 1, 'A group id is a whole number from 1 on.');
}

export function slotId(text: string): number {
  return wholeNumber(
    text,
    0,
    SLOT_COUNT - 1,
    `A slot is a whole number from 0 to ${SLOT_COUNT - 1}.`,
  );
}

export function delayMs(text: string): number {
  return wholeNumber(text, 0, 2 ** 31 - 1, 'It is a whole number of milliseconds.');
}

export function count(text: string): number {
  return wholeNumber(text, 0, 2 ** 31 - 1, 'It is a whole number from 0 on.');
}

export function serverAddress(text: string): string {
  const { host, port } = address(text);
  if (host === '' || port === 0)
    throw new InvalidArgumentError('Write host:port, for example 127.0.0.1:6379.');
  return text;
}

/** As {@link serverAddress}, and `:port` for every interface. */
export function listenAddress(text: string): string {
  address(text);
  return text;
}

function address(text: string): ReturnType<typeof parseAddress> {
  try {
    return parseAddress(text, 'address');
  } catch {
    throw new InvalidArgumentError('Write host:port, for example 127.0.0.1:6379.');
  }
}

function wholeNumber(text: string, least: number, most: number, message: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(message);
  return value;
}
