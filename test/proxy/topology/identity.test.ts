import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { OperatorError } from '../../../base/errors.js';
import { advertisedAddress } from '../../../proxy/topology/identity.js';

describe('the advertised address', () => {
  const bound = { host: '127.0.0.1', port: 19000 };

  test.each([
    ['', '127.0.0.1:19000'],
    ['cache.example', 'cache.example:19000'],
    ['cache.example:7000', 'cache.example:7000'],
    ['10.0.0.3', '10.0.0.3:19000'],
    ['[fd00::3]:7000', '[fd00::3]:7000'],
    ['[fd00::3]', '[fd00::3]:19000'],
  ])('advertise_addr=%s gives %s', async (advertised, expected) => {
    expect(await advertisedAddress(bound, advertised)).toBe(expected);
  });

  test('what is no address is refused', async () => {
    await expect(advertisedAddress(bound, 'a b')).rejects.toBeInstanceOf(OperatorError);
  });

  test.each(['0.0.0.0', '::'])('a socket on %s gets a name that others can use', async (host) => {
    const found = await advertisedAddress({ host, port: 19000 }, '');
    const ours = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const external = ours.filter((one) => one.family === 'IPv4' && !one.internal);
    const usable = [hostname(), ...external.map((one) => one.address)];
    if (external.length === 0) usable.push('127.0.0.1');
    expect(usable.map((name) => `${name}:19000`)).toContain(found);
  });
});
