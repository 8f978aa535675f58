# ruby-redis: see ../other-libraries.test.ts for what each step is about.
require 'redis'

$stdout.sync = true
port = ARGV[0].to_i
open_it = -> { Redis.new(port: port, password: 'secret') }
r = open_it.call
raise 'ping' unless r.ping == 'PONG'
puts 'connect'

replies = r.pipelined { |p| 500.times { |n| p.set("p#{n}", n); p.get("p#{n}") } }
raise 'pipeline' unless replies.each_slice(2).map(&:last) == (0...500).map(&:to_s)
puts 'pipeline'

raise 'multi' unless r.multi { |t| t.set('{t}a', 1); t.incr('{t}a') } == ['OK', 2]
r.watch('{t}a') do
  raise 'watch' unless r.multi { |t| t.incr('{t}a') } == [3]
end
puts 'transaction'

heard = Queue.new
ready = Queue.new
ear = Thread.new do
  open_it.call.subscribe('news') do |on|
    on.subscribe { ready << true }
    on.message { |_, message| heard << message; Thread.current.kill }
  end
end
ready.pop
r.publish('news', 'hello')
raise 'message' unless heard.pop == 'hello'
ear.join
puts 'pubsub'

popper = Thread.new { open_it.call.blpop('queue', timeout: 10) }
r.rpush('queue', 'job')
raise 'blpop' unless popper.value == %w[queue job]
puts 'blocking'

raise 'scan' unless r.scan_each(match: 'p*').to_a.uniq.size == 500
puts 'scan'

text = "return redis.call('GET', KEYS[1])"
raise 'eval' unless r.eval(text, ['p7']) == '7'
raise 'evalsha' unless r.evalsha(r.script(:load, text), ['p7']) == '7'
puts 'script'

puts 'ready'
$stdin.gets
raise 'reconnect' unless r.get('p7') == '7'
puts 'reconnect'
