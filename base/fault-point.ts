/**
 * Places at which a process can be made to die as by `kill -9`, for tests of what happens then:
 * with `CODIS_FAULT_POINT=migrate-saved` in its environment it does so when it first gets there,
 * with `CODIS_FAULT_POINT=migrate-saved:3` at the third time. Without it they do nothing.
 */
const [armed, ordinal = '1'] = (process.env.CODIS_FAULT_POINT ?? '').split(':');

let timesLeft = Number(ordinal);

export function faultPoint(name: string): void {
  if (armed !== name || --timesLeft > 0) return;
  process.kill(process.pid, 'SIGKILL');
}
