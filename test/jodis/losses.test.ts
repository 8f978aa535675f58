import { afterEach, beforeEach, expect, test } from 'vitest';
import { Jodis, type JodisOptions } from '../../jodis/jodis.js';
import { eventually } from '../support/eventually.js';
import { ProxyTree, quietly } from './proxy-tree.js';
import { ScriptedProxy } from './scripted-proxy.js';

const OK = '+OK\r\n';

let tree: ProxyTree;
let proxies: ScriptedProxy[];
let clients: Jodis[];

beforeEach(async () => {
  tree = await ProxyTree.embedded();
  proxies = [];
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.disconnect();
  for (const proxy of proxies) proxy.kill();
  await tree.close();
});

async function startProxies(count: number): Promise<ScriptedProxy[]> {
  for (let index = 0; index < count; index++) {
    const proxy = await ScriptedProxy.start(() => OK);
    proxies.push(proxy);
    await tree.set(`proxy_${index}`, proxy.addr, 'online');
  }
  return proxies;
}

/** Connected to all of them. */
async function startClient(more: Partial<JodisOptions> = {}): Promise<Jodis> {
  const client = quietly(new Jodis({ ...tree.options, ...more }));
  clients.push(client);
  await client.connect();
  await eventually('every proxy is in use', async () => {
    for (let count = 0; count < proxies.length; count++) await client.set('warm', 'up');
    return proxies.every((proxy) => proxy.commands.length > 0);
  });
  for (const proxy of proxies) proxy.commands.length = 0;
  return client;
}

test('commands go to the proxies in turn', async () => {
  await startProxies(3);
  const client = await startClient();
  for (let count = 0; count < 30; count++) await client.set('key', count);
  expect(proxies.map((proxy) => proxy.commands.length)).toEqual([10, 10, 10]);
});

test('a write whose reply is lost fails, and is sent to nobody else', async () => {
  await startProxies(2);
  const client = await startClient();
  for (const proxy of proxies) {
    proxy.script = (_args, socket) => {
      socket.destroy();
      return null;
    };
  }
  const failure = await client.incr('counter').catch((error: Error) => error);
  expect(failure).toMatchObject({ name: 'OutcomeUnknownError' });
  expect(String(failure)).toMatch(/INCR: the connection to proxy 127.0.0.1:\d+ was lost before/);
  expect(proxies.flatMap((proxy) => proxy.commands)).toEqual([['incr', 'counter']]);
});

test('a read whose reply is lost is sent to another proxy', async () => {
  await startProxies(2);
  const client = await startClient();
  let isFirst = true;
  for (const proxy of proxies) {
    proxy.script = (_args, socket) => {
      if (!isFirst) return '$5\r\nvalue\r\n';
      isFirst = false;
      socket.destroy();
      return null;
    };
  }
  expect(await client.get('key')).toBe('value');
  expect(proxies.map((proxy) => proxy.commands)).toEqual([[['get', 'key']], [['get', 'key']]]);
});

test('a read that no proxy answers fails in the end', async () => {
  await startProxies(2);
  const client = await startClient();
  for (const proxy of proxies) {
    proxy.script = (_args, socket) => {
      socket.destroy();
      return null;
    };
  }
  await expect(client.get('key')).rejects.toMatchObject({ name: 'OutcomeUnknownError' });
});

test('of a pipeline that is lost, the reads are repeated and the writes fail', async () => {
  await startProxies(2);
  const client = await startClient();
  let isFirst = true;
  for (const proxy of proxies) {
    proxy.script = (args, socket) => {
      if (args[0] === 'get' && !isFirst) return '$5\r\nvalue\r\n';
      if (isFirst) setImmediate(() => socket.destroy());
      isFirst = false;
      return null;
    };
  }
  const results = await client.pipeline().get('a').set('b', 1).get('c').exec();
  expect(results!.map(([error, value]) => error?.name ?? value)).toEqual([
    'value',
    'OutcomeUnknownError',
    'value',
  ]);
});

test('a transaction that is lost fails as a whole', async () => {
  await startProxies(2);
  const client = await startClient();
  for (const proxy of proxies) {
    proxy.script = (_args, socket) => {
      setImmediate(() => socket.destroy());
      return null;
    };
  }
  const lost = client.multi().get('a').set('b', 1).exec();
  await expect(lost).rejects.toMatchObject({ name: 'OutcomeUnknownError' });
  const names = proxies.flatMap((proxy) => proxy.commands.map(([name]) => name));
  expect(names).toEqual(['multi', 'get', 'set', 'exec']);
});

test('commands wait for a proxy, and fail unsent if none comes', async () => {
  const client = quietly(new Jodis({ ...tree.options, proxyDeadlineMs: 300 }));
  clients.push(client);
  const pipeline = client.pipeline().set('a', 1).get('b').exec();
  await expect(client.set('key', 'value')).rejects.toMatchObject({
    name: 'NoProxyError',
    message: 'no proxy of product shop can be reached (none is online)',
  });
  expect((await pipeline)!.map(([error]) => error?.name)).toEqual(['NoProxyError', 'NoProxyError']);
  const patient = quietly(new Jodis(tree.options));
  clients.push(patient);
  const waiting = patient.pipeline().set('a', 1).set('b', 2).exec();
  const [proxy] = await startProxies(1);
  expect(await waiting).toEqual([
    [null, 'OK'],
    [null, 'OK'],
  ]);
  expect(proxy!.commands).toEqual([
    ['set', 'a', '1'],
    ['set', 'b', '2'],
  ]);
});

test('a client that is not to wait says what is missing, and ends', async () => {
  const impatient = { ...tree.options, unreachable: 'fail', startDeadlineMs: 300 } as const;
  const start = async () => {
    const client = quietly(new Jodis(impatient));
    clients.push(client);
    const failure = await client.connect().catch((error: Error) => error.message);
    await expect(client.get('key')).rejects.toThrow(failure as string);
    expect(client.status).toBe('end');
    return failure;
  };
  expect(await start()).toMatch(/^no proxy of product shop is online at the folder /);
  await tree.set('proxy_0', '127.0.0.1:1', 'online');
  expect(await start()).toMatch(
    /^no proxy of product shop can be reached \(127.0.0.1:1: .*ECONNREFUSED/,
  );
  expect(() => new Jodis({ zk: 'localhost:2181' } as never)).toThrow(/product/);
});

test('a proxy that is marked offline gets no new command and finishes those it has', async () => {
  const [first] = await startProxies(2);
  const client = await startClient();
  const replies: (() => void)[] = [];
  first!.script = (_args, socket) => {
    replies.push(() => socket.write(OK));
    return null;
  };
  const slow = [client.set('a', 1), client.set('b', 2)];
  await eventually('it has a command', () => first!.commands.length === 1);
  await tree.set('proxy_0', first!.addr, 'mark_offline');
  await eventually('the list has changed', () => client.proxies.length === 1);
  for (let count = 0; count < 10; count++) await client.set('key', count);
  expect(first!.commands).toHaveLength(1);
  expect(first!.connections).toBe(1);
  for (const reply of replies) reply();
  await Promise.all(slow);
  await eventually('its connection is closed', () => first!.connections === 0);
});

test('a proxy that dies is left out at once, before its node is gone', async () => {
  const [first] = await startProxies(2);
  const client = await startClient();
  first!.kill();
  await eventually('the client has seen it', () => first!.connections === 0);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, count) => client.set('key', count)),
  );
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(client.proxies).toHaveLength(2);
});

test('a proxy that freezes is passed over, and used again when it goes on', async () => {
  const [first] = await startProxies(2);
  const client = await startClient();
  const held: (() => void)[] = [];
  first!.script = (_args, socket) => {
    held.push(() => socket.write(OK));
    return null;
  };
  const stuck = [client.set('a', 1), client.set('b', 2)];
  await eventually('it is passed over', async () => {
    await Promise.race([client.set('x', 1), new Promise((resolve) => setTimeout(resolve, 50))]);
    const before = first!.commands.length;
    for (let count = 0; count < 4; count++) {
      await Promise.race([client.set('y', 1), new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    return first!.commands.length === before;
  });
  first!.script = () => OK;
  for (const reply of held) reply();
  await Promise.all(stuck);
  const before = first!.commands.length;
  for (let count = 0; count < 4; count++) await client.set('z', count);
  expect(first!.commands.length).toBe(before + 2);
});

test('quit waits for what is under way; disconnect does not', async () => {
  const [proxy] = await startProxies(1);
  const client = await startClient();
  const other = await startClient();
  const replies: (() => void)[] = [];
  proxy!.script = (_args, socket) => {
    replies.push(() => socket.write(OK));
    return null;
  };
  const last = client.set('a', 1);
  const ended = client.quit();
  await expect(client.set('b', 2)).rejects.toThrow('Connection is closed.');
  await eventually('the command has come', () => replies.length === 1);
  replies[0]!();
  expect(await last).toBe('OK');
  expect(await ended).toBe('OK');
  expect(client.status).toBe('end');

  const lost = other.set('c', 3);
  await eventually('the command has come', () => replies.length === 2);
  other.disconnect();
  await expect(lost).rejects.toThrow('Connection is closed.');
  await eventually('nobody is connected', () => proxy!.connections === 0);
});

test('SELECT is for all connections, those to come included', async () => {
  const [first, second] = await startProxies(2);
  const client = await startClient();
  await client.select(3);
  for (let count = 0; count < 2; count++) await client.set('key', count);
  for (const proxy of [first!, second!]) {
    const names = proxy.commands.map((command) => command.join(' '));
    expect(names.filter((name) => name.startsWith('select'))[0]).toBe('select 3');
    expect(names.at(-1)).toMatch(/^set key/);
  }
  const third = await ScriptedProxy.start(() => OK);
  proxies.push(third);
  await tree.set('proxy_3', third.addr, 'online');
  await eventually('the new one is used', async () => {
    await client.set('key', 1);
    return third.commands.length > 1;
  });
  expect(third.commands[0]).toEqual(['select', '3']);
});

test('what is of one connection is refused, and the rest of its pipeline is not', async () => {
  await startProxies(1);
  const client = await startClient();
  await expect(client.hello(3)).rejects.toThrow('HELLO is of one connection: use connection()');
  const results = await client.pipeline().set('a', 1).call('RESET').set('b', 2).exec();
  expect(results!.map(([error, value]) => error?.message ?? value)).toEqual([
    'OK',
    'RESET is of one connection: use connection()',
    'OK',
  ]);
});
