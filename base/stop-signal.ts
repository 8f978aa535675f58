/**
 * The same wish may come several times: Ctrl-C from the terminal and passed on by npm; the death
 * of a parent (PR_SET_PDEATHSIG) once for each of its threads.
 */
const ECHO_MS = 1_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof SIGNALS)[number];

/**
 * From now on SIGINT, SIGTERM and SIGHUP do not end the process but call one of these:
 *
 * @param onStop the first one came: stop in order.
 * @param onImpatience one came more than a second after the first: somebody does not want to wait.
 * @returns ends it: signals have their usual effect again.
 */
export function listenForStop(
  onStop: (signal: StopSignal) => void,
  onImpatience: () => void,
): () => void {
  let firstAt: number | null = null;
  const onSignal = (signal: StopSignal) => {
    if (firstAt === null) {
      firstAt = performance.now();
      onStop(signal);
    } else if (performance.now() - firstAt > ECHO_MS) {
      onImpatience();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
