import { expect, test } from 'vitest';
import {
  byteRate,
  bytes,
  capital,
  count,
  duration,
  latency,
  share,
  short,
  span,
  whole,
} from '../../../dashboard/web/format.js';

test.each([
  [0, '0'],
  [7, '7'],
  [0.25, '0.25'],
  [999, '999'],
  [999.96, '1k'],
  [1234, '1.23k'],
  [12_340, '12.3k'],
  [999_600, '1M'],
  [-1500, '-1.5k'],
  [1e18, '1000000T'],
])('%d is short %s', (value, text) => {
  expect(short(value)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KB'],
  [1_572_864, '1.5 MB'],
  [1024 ** 3 * 3.2, '3.2 GB'],
])('%d bytes are %s', (value, text) => {
  expect(bytes(value)).toBe(text);
});

test.each([
  [850, '850 µs'],
  [1200, '1.2 ms'],
  [3_000_000, '3 s'],
])('%d µs are %s', (value, text) => {
  expect(latency(value)).toBe(text);
});

test.each([
  [0.2, 'under 1 s'],
  [45, '45 s'],
  [89.6, '90 s'],
  [720, '12 min'],
  [12_000, '3 h 20 min'],
  [180_000, '2 d 2 h'],
])('%d seconds are %s', (value, text) => {
  expect(duration(value)).toBe(text);
});

test('what is not known is a dash', () => {
  for (const format of [short, whole, bytes, byteRate, latency, share, duration]) {
    expect(format(null)).toBe('–');
  }
});

test('shares, counts, ranges, sentences', () => {
  expect([share(0), share(0.987), share(1)]).toEqual(['0 %', '98.7 %', '100 %']);
  expect([count(1, 'slot'), count(1024, 'slot')]).toEqual(['1 slot', '1,024 slots']);
  expect([span(5, 5), span(5, 9)]).toEqual(['5', '5–9']);
  expect(capital('replica down')).toBe('Replica down');
});
