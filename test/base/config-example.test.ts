import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONFIG_KEYS, loadConfig } from '../../base/config.js';

const FILE = join(import.meta.dirname, '..', '..', 'conf', 'config.ini');

test('conf/config.ini shows every key once, with its default', () => {
  const settings = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => line.split('=', 2));
  expect(Object.fromEntries(settings)).toEqual(
    Object.fromEntries(CONFIG_KEYS.map(({ key, fallback }) => [key, fallback])),
  );
  expect(settings.length).toBe(CONFIG_KEYS.length);
  expect(loadConfig(FILE)).toEqual(loadConfig(null));
});
