import { createClient as createClient5 } from 'redis5';
import { createClient as createClient6 } from 'redis6';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Front } from './front.js';

let front: Front;

beforeAll(async () => {
  front = await Front.start();
});

afterAll(() => front.stop());

// What is used here has the same form in both. Version 6 speaks RESP3, version 5 RESP2.
describe.each([
  ['node-redis 5', createClient5],
  ['node-redis 6', createClient6 as unknown as typeof createClient5],
] as const)('%s with default options', (_name, createClient) => {
  let client: ReturnType<typeof createClient5>;

  beforeEach(async () => {
    client = createClient({ url: `redis://127.0.0.1:${front.port}` });
    client.on('error', () => {});
    await client.connect();
  });

  afterEach(() => client.destroy());

  test('values, hashes, and what is not there', async () => {
    expect(await client.set('name', 'wört')).toBe('OK');
    expect(await client.get('name')).toBe('wört');
    expect(await client.get('nothing')).toBeNull();
    await client.del('hash');
    expect(await client.hSet('hash', { a: 1, b: '2' })).toBe(2);
    expect({ ...(await client.hGetAll('hash')) }).toEqual({ a: '1', b: '2' });
    expect(await client.hGet('hash', 'c')).toBeNull();
  });

  test('several keys over both groups', async () => {
    const [one, two] = front.keys as [string, string];
    expect(await client.mSet({ [one]: '1', [two]: '2' })).toBe('OK');
    expect(await client.mGet([two, 'nothing', one])).toEqual(['2', null, '1']);
    expect(await client.exists([one, two, one])).toBe(3);
    expect(await client.del([one, two])).toBe(2);
  });

  test('commands sent at once keep their order', async () => {
    const values = Array.from({ length: 500 }, (_, index) => String(index));
    const results = await Promise.all(
      values.flatMap((value) => [client.set(`p${value}`, value), client.get(`p${value}`)]),
    );
    expect(results.filter((_, index) => index % 2 === 1)).toEqual(values);
  });

  test('errors reject, and the connection goes on', async () => {
    await client.set('text', 'x');
    await expect(client.lPush('text', 'y')).rejects.toThrow(/^WRONGTYPE /);
    await expect(client.sendCommand(['NOSUCH', 'a'])).rejects.toThrow(
      "ERR unknown command 'NOSUCH', with args beginning with: 'a' ",
    );
    await expect(client.rename(front.keys[0]!, front.keys[1]!)).rejects.toThrow(/^CROSSSLOT /);
    expect(await client.get('text')).toBe('x');
    expect(client.isReady).toBe(true);
  });

  test('it connects again', async () => {
    await client.set('kept', 'yes');
    const reconnecting = new Promise<void>((resolve) => {
      client.once('reconnecting', () => resolve());
    });
    front.cutConnections();
    await reconnecting;
    expect(await client.get('kept')).toBe('yes');
  });
});
