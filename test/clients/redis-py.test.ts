import { execFileSync } from 'node:child_process';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front } from './front.js';

// Debian's, whatever other Python stands before it in the path.
const PYTHON = '/usr/bin/python3';

let front: Front;

beforeAll(async () => {
  front = await Front.start();
});

afterAll(() => front.stop());

function hasRedisPy(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import redis'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs the script with a client `r`; a failed assertion rejects with Python's message. */
async function run(script: string): Promise<string> {
  const preamble = `
import redis, sys
r = redis.Redis(port=int(sys.argv[1]))
one, two = sys.argv[2:4]
def error_of(call):
    try:
        call()
    except redis.RedisError as error:
        return str(error)
`;
  const args = ['-c', preamble + script, String(front.port), ...front.keys];
  const { stdout } = await execa(PYTHON, args, { timeout: 60_000 });
  return stdout;
}

test.skipIf(!hasRedisPy())('redis-py with default options', async () => {
  const output = await run(`
assert r.ping()
assert r.set('name', 'wört')
assert r.get('name') == 'wört'.encode()
assert r.get('nothing') is None
r.delete('hash')
assert r.hset('hash', mapping={'a': 1, 'b': 2}) == 2
assert r.hgetall('hash') == {b'a': b'1', b'b': b'2'}
assert r.mset({one: 1, two: 2})
assert r.mget(two, 'nothing', one) == [b'2', None, b'1']
assert r.delete(one, two) == 2
pipeline = r.pipeline(transaction=False)
for n in range(500):
    pipeline.set('p%d' % n, n).get('p%d' % n)
assert pipeline.execute()[1::2] == [str(n).encode() for n in range(500)]
assert 'wrong kind of value' in error_of(lambda: r.lpush('name', 'x'))
assert error_of(lambda: r.execute_command('NOSUCH')).startswith("unknown command 'NOSUCH'")
assert "same slot" in error_of(lambda: r.rename(one, two))
assert r.info()['redis_version'] and r.info('replication')['role'] == 'master'
assert r.client_setname('me') and r.client_getname() in ('me', b'me')
assert r.client_info()['name'] == 'me'
assert 'get' in r.command()
assert r.register_script('return ARGV[1]')
print('all well')
`);
  expect(output).toBe('all well');
});

test.skipIf(!hasRedisPy())('redis-py connects again', async () => {
  const running = run(`
r.set('kept', 'yes')
print('ready', flush=True)
import time
connection = r.connection_pool.get_connection('PING')
connection._sock.close()
r.connection_pool.release(connection)
print(r.get('kept').decode())
`);
  expect(await running).toBe('ready\nyes');
});
