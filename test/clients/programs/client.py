# redis-py: see ../other-libraries.test.ts for what each step is about.
import sys
import threading

import redis

port = int(sys.argv[1])


def open_it():
    return redis.Redis(port=port, password='secret')


def step(name):
    print(name, flush=True)


r = open_it()
assert r.ping()
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
