import { expect, it } from 'vitest';
import { startDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { startRedis } from '../../../support/redis-server.js';
import { encodeCommand, RespClient } from '../../../support/resp-client.js';

it('WAIT counts the replicas that have what the client wrote, of the group that has the fewest', async () => {
  const masters = await Promise.all([startRedis(), startRedis()]);
  const replicas = await Promise.all(
    masters.map(({ port }) => startRedis(['--replicaof', '127.0.0.1', String(port)])),
  );
  const proxy = await startDataPlane(masters.map(({ addr }) => addr));
  const [client, other] = await Promise.all([
    RespClient.connect(proxy.port),
    RespClient.connect(proxy.port),
  ]);
  try {
    for (const master of masters) {
      const direct = await RespClient.connect(master.port);
      await eventually('the replica is there', async () => {
        return (await direct.text('INFO', 'replication')).includes('state=online');
      });
      direct.close();
    }
    const write = () => client.pipeline(['a', 'b', 'c', 'd'].map((key) => ['SET', key, 'v']));
    await write();
    expect(await client.text('WAIT', '1', '5000')).toBe(':1\r\n');
    replicas[1]!.process.kill('SIGSTOP');
    await write();
    expect(await client.text('WAIT', '1', '100')).toBe(':0\r\n');
    client.send(encodeCommand(['WAIT', '1', '0']));
    // It holds up nobody else.
    expect(await other.text('GET', 'a')).toBe('$1\r\nv\r\n');
    replicas[1]!.process.kill('SIGCONT');
    expect(String(await client.reply())).toBe(':1\r\n');
  } finally {
    for (const each of [client, other]) each.close();
    proxy.close();
    await Promise.all([...masters, ...replicas].map((server) => server.stop()));
  }
});

it('WAIT says nothing of writes that a failover may have lost, and of others after it all', async () => {
  const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const [first, second, third] = servers;
  const proxy = await startDataPlane([first!.addr]);
  const client = await RespClient.connect(proxy.port);
  const direct = await Promise.all(servers.map(({ port }) => RespClient.connect(port)));
  const follows = async (replica: number, master: number) => {
    await direct[replica]!.text('REPLICAOF', '127.0.0.1', servers[master]!.port);
    await eventually('the replica is there', async () => {
      return (await direct[master]!.text('INFO', 'replication')).includes('state=online');
    });
  };
  const masterIs = (addr: string, gates?: readonly number[]) =>
    proxy.plane.apply({
      slots: [],
      groups: [{ groupId: 1, master: addr, replicas: [] }],
      ...(gates && { gates }),
    });
  try {
    await follows(2, 1);
    await client.text('SET', 'a', 'lost');
    await masterIs(second!.addr);
    expect(await client.text('WAIT', '1', '100')).toBe(':0\r\n');
    await client.text('SET', 'a', 'kept');
    expect(await client.text('WAIT', '1', '5000')).toBe(':1\r\n');

    // Behind a gate nothing is lost.
    await client.text('SET', 'a', 'kept, too');
    await proxy.plane.apply({ slots: [], groups: [], gates: [1] });
    await direct[2]!.text('REPLICAOF', 'NO', 'ONE');
    await follows(1, 2);
    await masterIs(third!.addr);
    await masterIs(third!.addr, []);
    expect(await client.text('WAIT', '1', '5000')).toBe(':1\r\n');
  } finally {
    for (const each of [client, ...direct]) each.close();
    proxy.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
});
