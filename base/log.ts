import { destination, type Logger, pino } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A logger of JSON lines with named fields.
 *
 * @param file appended to; standard error if absent.
 */
export function openLog(name: string, level: LogLevel, file?: string): Logger {
  const stream = file
    ? destination({ dest: file, append: true, mkdir: true, sync: true })
    : destination({ dest: 2, sync: true });
  // A terminal that was closed, a full disk: no reason to stop serving, and nowhere to say so.
  stream.on('error', () => {});
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), bindings: ({ pid }) => ({ name, pid }) },
      redact: ['password', '*.password', 'authorization', '*.authorization'],
    },
    stream,
  );
}

/** A logger that says nothing, for tests and for parts used as a library. */
export function silentLog(): Logger {
  return pino({ level: 'silent' });
}
