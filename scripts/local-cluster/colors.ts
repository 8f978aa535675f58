import picocolors from 'picocolors';

/** Colours on a terminal only: picocolors would colour the log files of CI machines, too. */
export const colors = picocolors.createColors(
  process.stdout.isTTY === true && picocolors.isColorSupported,
);
