# redis-py: see ../other-libraries.test.ts for what each step is about.
import sys
import threading

import redis

port = int(sys.argv[1])
# The version of the protocol; Debian 12's redis-py knows no such option.
options = {'protocol': int(sys.argv[2])} if len(sys.argv) > 2 else {}


def open_it():
    return redis.Redis(port=port, password='secret', **options)


def step(name):
    print(name, flush=True)


r = open_it()
assert r.ping()
if options:
    assert r.client_info()['resp'] == str(options['protocol'])
    r.delete('hash')
    r.hset('hash', 'field', 'value')
    # As a map, not as a list that the library makes one of.
    assert r.execute_command('HELLO')[b'proto'] == options['protocol']
    assert r.hgetall('hash') == {b'field': b'value'}
    r.zadd('zset', {'one': 1.5})
    assert r.zscore('zset', 'one') == 1.5
step('connect')

pipeline = r.pipeline(transaction=False)
for n in range(500):
    pipeline.set('p%d' % n, n).get('p%d' % n)
assert pipeline.execute()[1::2] == [str(n).encode() for n in range(500)]
step('pipeline')

assert r.pipeline().set('{t}a', 1).incr('{t}a').execute() == [True, 2]
with r.pipeline() as watched:
    watched.watch('{t}a')
    watched.multi()
    watched.incr('{t}a')
    assert watched.execute() == [3]
step('transaction')

ear = open_it().pubsub()
ear.subscribe('news')
assert ear.get_message(timeout=10)['type'] == 'subscribe'
r.publish('news', 'hello')
assert ear.get_message(timeout=10)['data'] == b'hello'
step('pubsub')

popped = []
popper = threading.Thread(target=lambda: popped.append(open_it().blpop('queue', 10)))
popper.start()
r.rpush('queue', 'job')
popper.join()
assert list(popped[0]) == [b'queue', b'job']
step('blocking')

assert len(set(r.scan_iter('p*'))) == 500
step('scan')

assert r.register_script("return redis.call('GET', KEYS[1])")(keys=['p7']) == b'7'
step('script')

step('ready')
sys.stdin.readline()
try:
    value = r.get('p7')
except redis.ConnectionError:
    value = r.get('p7')
assert value == b'7'
step('reconnect')
