import type { Command } from 'ioredis';
import type { ProxyRedisOptions } from './options.js';
import { nameOf } from './repeatable.js';

/** Commands that change the connection they are sent by: with a pool, each of its connections. */
const SETTINGS = new Set(['select', 'auth', 'readonly', 'readwrite']);

/** Commands that would change one connection of the pool, in a way that nobody could rely on. */
const OF_ONE_CONNECTION = new Set(['monitor', 'hello', 'reset']);

export function isSetting(command: Command): boolean {
  return SETTINGS.has(nameOf(command));
}

export function isOfOneConnection(command: Command): boolean {
  return OF_ONE_CONNECTION.has(nameOf(command));
}

/** The options with which a new connection begins as those do that the command was sent by. */
export function withSetting(options: ProxyRedisOptions, command: Command): ProxyRedisOptions {
  const args = command.args.map(String);
  switch (nameOf(command)) {
    case 'select':
      return /^\d+$/.test(args[0] ?? '') ? { ...options, db: Number(args[0]) } : options;
    case 'auth':
      return args.length > 1
        ? { ...options, username: args[0]!, password: args[1]! }
        : { ...options, password: args[0] ?? '' };
    case 'readonly':
      return { ...options, readOnly: true };
    case 'readwrite':
      return { ...options, readOnly: false };
    default:
      return options;
  }
}
