/* Numbers as people read them. A dash stands for what is not known. */
export const UNKNOWN = '–';

const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 1,234,567 */
export function whole(value: number | null): string {
  return value === null ? UNKNOWN : GROUPED.format(value);
}

/** 1.23M: three digits that count. */
export function short(value: number | null): string {
  return value === null ? UNKNOWN : scaled(value, 1000, ['', 'k', 'M', 'G', 'T'], '');
}

/** 1.5 MB, by powers of 1,024. */
export function bytes(value: number | null): string {
  return value === null ? UNKNOWN : scaled(value, 1024, ['B', 'KB', 'MB', 'GB', 'TB', 'PB'], ' ');
}

/** 1.5 MB/s */
export function byteRate(value: number | null): string {
  return value === null ? UNKNOWN : `${bytes(value)}/s`;
}

/** Microseconds as 850 µs, 1.2 ms, 3 s. */
export function latency(value: number | null): string {
  if (value === null) return UNKNOWN;
  return scaled(value, 1000, ['µs', 'ms', 's'], ' ');
}

/** 0.987 as 98.7 %. */
export function share(value: number | null): string {
  if (value === null) return UNKNOWN;
  const percent = value * 100;
  return `${percent === 100 || percent === 0 ? percent : percent.toFixed(1)} %`;
}

/** Seconds as 45 s, 12 min, 3 h 20 min, 5 d 2 h. */
export function duration(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  if (seconds < 1) return 'under 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago, for a time in Unix milliseconds. */
export function ago(at: number, now: number): string {
  return duration(Math.max(1, (now - at) / 1000));
}

/** 14:05:09 today, with the date on other days. */
export function clock(at: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString('sv-SE')} ${time}`;
}

/** `1 slot`, `5 slots`. */
export function count(number: number, noun: string): string {
  return `${whole(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `5` or `5–9`. */
export function span(first: number, last: number): string {
  return first === last ? `${first}` : `${first}–${last}`;
}

/** A line that begins a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function scaled(value: number, base: number, units: readonly string[], gap: string): string {
  let index = 0;
  let rest = Math.abs(value);
  while (rest >= base * 0.9995 && index < units.length - 1) {
    rest /= base;
    index++;
  }
  const digits =
    rest >= 99.95 || (index === 0 && Number.isInteger(rest)) ? 0 : rest >= 9.995 ? 1 : 2;
  const number = Number(rest.toFixed(digits));
  const unit = units[index]!;
  return `${value < 0 ? '-' : ''}${number}${unit === '' ? '' : gap}${unit}`;
}
